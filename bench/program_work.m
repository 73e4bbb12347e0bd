% SPDX-License-Identifier: BSD-3-Clause
%
% An unmodified Octave program for programs.py, with the manners of program_work.py: products of a network's weights and
% its samples. Says "ready", and then for each line "run TIME" works for TIME seconds and prints as JSON how often and for
% how many seconds it ran each case.
1;

function result = run_cases(names, left, right, seconds)
  count = numel(names);
  calls = zeros(1, count);
  spent = zeros(1, count);
  ends = time() + seconds;
  while time() < ends
    for i = randperm(count)
      begin = time();
      done = 0;
      while done < 20 && (done == 0 || time() - begin < 0.01)
        product = left{i} * right{i};
        done = done + 1;
      end
      calls(i) = calls(i) + done;
      spent(i) = spent(i) + time() - begin;
      if time() >= ends
        break
      end
    end
  end
  parts = cell(1, count);
  for i = 1:count
    parts{i} = sprintf('"%s": [%d, %.9f]', names{i}, calls(i), spent(i));
  end
  result = ['{' strjoin(parts, ', ') '}'];
end

arguments = argv();
element_type = struct('f32', 'single', 'f64', 'double').(arguments{2});
rand('seed', 1);
names = {};
left = {};
right = {};
for batch = [1 8 20 50 200 500 2000]
  for neurons = [100 300]
    names{end + 1} = sprintf('%d-784 batch %d', neurons, batch);
    left{end + 1} = rand(neurons, 784, element_type);
    right{end + 1} = rand(784, batch, element_type);
  end
end
for i = 1:numel(names)
  product = left{i} * right{i};
end
printf('ready\n');
fflush(stdout);
while true
  % fgetl(stdin) would wait until a whole buffer has come.
  try
    line = input('', 's');
  catch
    break
  end
  if isempty(line)
    break
  end
  printf('%s\n', run_cases(names, left, right, sscanf(line, 'run %f')));
  fflush(stdout);
end
