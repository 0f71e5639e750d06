import { expect, test } from '@jest/globals';
import { stillNamed } from './addresses.js';

const moved = [{ service: 'db', from: 5432, to: 3100 }];

test.each([
  ['postgres://u:p@ss@localhost:5432/x', 'postgres://…@localhost:{{port:db}}/x'],
  ['redis://tok3n@localhost:5432', 'redis://…@localhost:{{port:db}}'],
  ['redis://:p/s?s@localhost:5432/0?key=k', 'redis://…@localhost:{{port:db}}/0?…'],
  ['http://localhost:5432/v1', 'http://localhost:{{port:db}}/v1'],
  ['http://localhost:5432/@shop/api', 'http://localhost:{{port:db}}/@shop/api'],
  ['http://localhost:5432,a://u:p@ss@b:1', 'http://localhost:{{port:db}},a://…@b:1'],
  ['a://u:p@ss@b:1,http://localhost:5432', 'a://…@b:1,http://localhost:{{port:db}}'],
  ['a://u:one@b:1,c://v:two@localhost:5432', 'a://…@localhost:{{port:db}}'],
])('what %s is to become shows no part of a password', (value, text) => {
  expect(stillNamed([['URL', value]], [], moved)).toEqual([
    `URL still names port 5432, and db has 3100. In .supervisor.json: "env": ${JSON.stringify({ URL: text })}`,
  ]);
});
