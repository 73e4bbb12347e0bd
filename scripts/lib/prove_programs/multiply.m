% SPDX-License-Identifier: BSD-3-Clause
% Whole numbers, so that the products are exact.
for rows = [500, 501]
  a = mod(reshape(1:rows * 100, rows, 100), 9) - 4;
  b = mod(reshape(1:100 * 50, 100, 50), 7) - 3;
  c = a * b;
  printf("%.0f %.0f\n", sum(c(:)), sum(c(:)' .* (1:numel(c))));
end
