import { describe, expect, test } from '@jest/globals';
import { estimate, familyOf, regionOf } from './estimate.js';
import { instanceBody } from './instance-body.js';
import { demandLabels, mergeLabels, sameLabels, withoutReserved } from './labels.js';
import { demandAllowed, type Limits } from './limits.js';
import { priceTable } from './prices.js';
import { judge } from './thresholds.js';

const image = 'projects/debian-cloud/global/images/family/debian-12';
const vm = { machineType: 'e2-small', zone: 'us-central1-a', image, diskGb: 10, publicIp: false, maxRunSeconds: 3600 };
const limits: Limits = {
  families: ['e2'],
  zones: ['us-central1-a'],
  imageProjects: ['debian-cloud'],
  maxVms: 2,
  maxCostPerHour: 0.05,
  maxRunSeconds: 7200,
  prices: {},
};
const none = { vms: 0, costPerHour: 0 };

describe('an estimate', () => {
  test('is of machine, disk and address, and rounded up', () => {
    expect(estimate(vm)).toEqual({ costPerHour: 0.0182, source: 'table' });
    expect(estimate({ ...vm, publicIp: true })?.costPerHour).toBe(0.0232);
    expect(estimate({ ...vm, zone: 'europe-west4-a' })?.costPerHour).toBe(0.0202);
    expect(estimate({ ...vm, diskGb: 730 })?.costPerHour).toBe(0.1168);
  });

  test('of what is not known is none, never 0', () => {
    for (const unknown of [
      { machineType: 'c3-standard-4' },
      { machineType: 'constructor' },
      { zone: 'mars-north1-a' },
      { zone: 'nowhere' },
    ])
      expect(estimate({ ...vm, ...unknown })).toBeUndefined();
  });

  test('is the owner’s where the owner gives a price', () => {
    expect(estimate({ ...vm, machineType: 'c3-standard-4' }, { 'c3-standard-4': 0.25 })).toEqual({ costPerHour: 0.2514, source: 'owner' });
    expect(estimate({ ...vm, zone: 'mars-north1-a' }, { 'e2-small': 0.02 })).toEqual({ costPerHour: 0.0228, source: 'owner' });
  });

  test('is from a table whose larger machines cost more', () => {
    const { machineTypes, asOf, source } = priceTable;
    expect(Date.parse(asOf)).toBeLessThan(Date.now());
    expect(source).toMatch(/^https:/);
    for (const [name, price] of Object.entries(machineTypes)) {
      const larger = name.replace(/\d+$/, (cpus) => String(Number(cpus) * 2));
      expect(price).toBeGreaterThan(0);
      if (larger !== name && machineTypes[larger] !== undefined) expect(machineTypes[larger] / price).toBeCloseTo(2, 1);
    }
  });

  test('knows family and region', () => {
    expect([familyOf('n2d-standard-4'), regionOf('europe-west4-a')]).toEqual(['n2d', 'europe-west4']);
  });
});

describe('the limits', () => {
  const refusal = (more: object, holding = none, own: Partial<Limits> = {}) => {
    try {
      demandAllowed({ ...vm, ...more }, { ...limits, ...own }, holding);
      return 'allowed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test.each([
    ['what fits', {}, none, {}, 'allowed'],
    ['another zone', { zone: 'us-central1-b' }, none, {}, 'forbidden'],
    ['another family', { machineType: 'n2-standard-2' }, none, {}, 'forbidden'],
    ['a family that begins alike', { machineType: 'e2x-small' }, none, {}, 'forbidden'],
    ['an image with a licence', { image: 'projects/windows-sql-cloud/global/images/family/sql-ent-2022-win-2022' }, none, {}, 'forbidden'],
    ['an image that the owner allows', { image: 'projects/own/global/images/one' }, none, { imageProjects: ['own'] }, 'allowed'],
    ['an account without zones', {}, none, { zones: [] }, 'forbidden'],
    ['an account without families', {}, none, { families: [] }, 'forbidden'],
    ['a longer run', { maxRunSeconds: 7201 }, none, {}, 'forbidden'],
    ['one VM too many', {}, { vms: 2, costPerHour: 0 }, {}, 'exhausted'],
    ['a cost up to the limit', {}, { vms: 1, costPerHour: 0.0318 }, {}, 'allowed'],
    ['a cost past the limit', {}, { vms: 1, costPerHour: 0.0319 }, {}, 'budget'],
    ['a price that is not known', { machineType: 'e2-standard-32' }, none, { maxCostPerHour: 1000 }, 'budget'],
    [
      'a price that the owner gave',
      { machineType: 'e2-standard-32' },
      none,
      { maxCostPerHour: 2, prices: { 'e2-standard-32': 1.08 } },
      'allowed',
    ],
  ])('%s', (_what, more, holding, own, expected) => expect(refusal(more, holding, own)).toBe(expected));
});

test('what is sent for a VM has no more rights, time and exposure than was asked for', () => {
  const plan = {
    ...vm,
    id: 'the-id',
    project: 'shop',
    name: 'build-1',
    image: 'projects/x/global/images/y',
    ephemeral: false,
    labels: { team: 'web' },
  };
  const body = instanceBody(plan);
  expect(body).toMatchObject({
    deletionProtection: true,
    labels: { team: 'web', 'supervisor-vm': 'the-id', 'supervisor-project': 'shop' },
    scheduling: { maxRunDuration: { seconds: '3600' }, instanceTerminationAction: 'STOP' },
    disks: [{ autoDelete: true, initializeParams: { diskSizeGb: '10', labels: { 'supervisor-vm': 'the-id' } } }],
  });
  expect(body).not.toHaveProperty('serviceAccounts');
  expect(JSON.stringify(body)).not.toContain('accessConfigs');
  expect(instanceBody({ ...plan, ephemeral: true, publicIp: true })).toMatchObject({
    deletionProtection: false,
    networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
  });
});

test('labels: a caller’s own, in Google’s letters, beside those that stay', () => {
  expect(mergeLabels({ team: 'api' }, { team: 'web', 'supervisor-vm': 'x', 'goog-ops': '1', other: 'y' })).toEqual({
    team: 'api',
    'supervisor-vm': 'x',
    'goog-ops': '1',
  });
  expect(withoutReserved({ team: 'web', 'supervisor-vm': 'x', 'goog-ops': '1' })).toEqual({ team: 'web' });
  expect(sameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
  expect(sameLabels({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  for (const [key, value] of [
    ['Team', 'x'],
    ['', 'x'],
    ['1a', 'x'],
    ['a', 'X'],
    ['a', 'x'.repeat(64)],
    ['supervisor-vm', 'x'],
    ['goog-x', 'x'],
  ])
    expect(() => demandLabels({ [key!]: value! })).toThrow('labels: ');
  expect(() => demandLabels({ team: 'web', empty: '' })).not.toThrow();
});

test('thresholds judge shares, and nothing else', () => {
  expect([0.79, 0.8, 0.95].map((value) => judge('cpu', value))).toEqual(['ok', 'warning', 'critical']);
  expect(judge('network_sent', 1e9)).toBeUndefined();
  expect(judge('constructor', 1)).toBeUndefined();
});
