import type { FakeAnswer, FakeRequest, FakeRoutes } from '../routes.js';
import { machineTypes, zones } from './catalogue.js';
import { failure, fingerprint, type FakeInstance, type FakeOperation } from './shapes.js';
import type { FakeWorld } from './world.js';

interface InsertBody {
  name: string;
  machineType: string;
  labels?: Record<string, string>;
  deletionProtection?: boolean;
  scheduling?: FakeInstance['scheduling'];
  disks?: { autoDelete?: boolean; initializeParams?: { diskName?: string; diskSizeGb?: string; labels?: Record<string, string> } }[];
  networkInterfaces?: { accessConfigs?: { name?: string; type?: string }[] }[];
}

const zonal = '/compute/v1/projects/{project}/zones/{zone}';
const one = `${zonal}/instances/{instance}`;
const fail = (code: number, message: string, reason?: string): FakeAnswer => ({ status: code, body: failure(code, message, reason) });

/** What changes instances. Each answers an operation, the same one for the same request id. */
export function instanceRoutes(world: FakeWorld): FakeRoutes {
  const mutation = (act: (request: FakeRequest, requestId: string | null) => FakeOperation | FakeAnswer) => (request: FakeRequest) => {
    if (request.params['project'] !== world.project) return fail(404, `The resource 'projects/${request.params['project']}' was not found`);
    const requestId = request.query.get('requestId');
    if (requestId !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId))
      return fail(400, 'Invalid value for field requestId');
    const known = world.known(requestId);
    if (known) return { status: 200, body: { ...known } };
    const made = act(request, requestId);
    return 'kind' in made ? { status: 200, body: { ...made } } : made;
  };
  const onInstance = (
    act: (instance: FakeInstance, zone: string, request: FakeRequest, requestId: string | null) => FakeOperation | FakeAnswer,
  ) =>
    mutation((request, requestId) => {
      const { zone, instance: name } = request.params as { zone: string; instance: string };
      const instance = world.instances.get(`${zone}/${name}`);
      return instance ? act(instance, zone, request, requestId) : fail(404, `The resource 'instances/${name}' was not found`);
    });
  /** Without a scripted failure, what shall happen in the end. */
  const unlessFault = (operationType: string, operation: () => FakeOperation, finish: () => void) => () => {
    const fault = world.takeFault(operationType);
    if (!fault) return finish();
    setError(operation(), fault.code, fault.message);
  };
  const change = (operationType: string, finish: (instance: FakeInstance) => void, begin?: (instance: FakeInstance) => void) =>
    onInstance((instance, zone, _request, requestId) => {
      begin?.(instance);
      const operation: FakeOperation = world.begin(
        operationType,
        zone,
        instance,
        requestId,
        unlessFault(
          operationType,
          () => operation,
          () => finish(instance),
        ),
      );
      return operation;
    });

  return {
    [`POST ${zonal}/instances`]: mutation((request, requestId) => insert(world, request, requestId)),
    [`DELETE ${one}`]: onInstance((instance, zone, _request, requestId) => {
      if (instance.deletionProtection)
        return fail(400, `Resource cannot be deleted if it's protected against deletion.`, 'resourceDeletionProtection');
      const before = instance.status;
      instance.status = 'STOPPING';
      const operation: FakeOperation = world.begin('delete', zone, instance, requestId, () => {
        const fault = world.takeFault('delete');
        if (!fault) return world.removeInstance(zone, instance.name);
        instance.status = before;
        setError(operation, fault.code, fault.message);
      });
      return operation;
    }),
    [`POST ${one}/start`]: change('start', (instance) => Object.assign(instance, { status: 'RUNNING', lastStartTimestamp: world.now() })),
    [`POST ${one}/stop`]: change(
      'stop',
      (instance) => Object.assign(instance, { status: 'TERMINATED', lastStopTimestamp: world.now() }),
      (instance) => (instance.status = 'STOPPING'),
    ),
    [`POST ${one}/reset`]: change('reset', (instance) => Object.assign(instance, { status: 'RUNNING' })),
    [`POST ${zonal}/instances/{instance}/setDeletionProtection`]: onInstance((instance, zone, { query }, requestId) => {
      const wanted = query.get('deletionProtection') !== 'false';
      const operation: FakeOperation = world.begin(
        'setDeletionProtection',
        zone,
        instance,
        requestId,
        unlessFault(
          'setDeletionProtection',
          () => operation,
          () => (instance.deletionProtection = wanted),
        ),
      );
      return operation;
    }),
    [`POST ${one}/setMachineType`]: onInstance((instance, zone, { body }, requestId) => {
      const name = (body as { machineType: string }).machineType.split('/').at(-1)!;
      if (!machineTypes[name]) return fail(400, `Invalid value for field 'resource.machineType': '${name}'`);
      if (instance.status !== 'TERMINATED')
        return fail(400, 'The instance must be stopped before the machine type can be changed.', 'resourceNotReady');
      const operation: FakeOperation = world.begin(
        'setMachineType',
        zone,
        instance,
        requestId,
        unlessFault(
          'setMachineType',
          () => operation,
          () => (instance.machineType = world.link(`zones/${zone}/machineTypes/${name}`)),
        ),
      );
      return operation;
    }),
    [`POST ${one}/setLabels`]: onInstance((instance, zone, { body }, requestId) => {
      const { labels = {}, labelFingerprint } = body as { labels?: Record<string, string>; labelFingerprint?: string };
      if (labelFingerprint !== instance.labelFingerprint)
        return fail(412, 'Labels fingerprint either invalid or resource labels have changed');
      // The new labels count from now on: two that read the same fingerprint cannot both write.
      const before = { labels: instance.labels ?? {}, labelFingerprint: instance.labelFingerprint };
      Object.assign(instance, { labels, labelFingerprint: fingerprint(labels) });
      const operation: FakeOperation = world.begin('setLabels', zone, instance, requestId, () => {
        const fault = world.takeFault('setLabels');
        if (!fault) return;
        Object.assign(instance, before);
        setError(operation, fault.code, fault.message);
      });
      return operation;
    }),
    [`DELETE ${zonal}/disks/{disk}`]: mutation(({ params }, requestId) => {
      const { zone, disk: name } = params as { zone: string; disk: string };
      const disk = world.disks.get(`${zone}/${name}`);
      if (!disk) return fail(404, `The resource 'disks/${name}' was not found`);
      if (disk.users?.length) return fail(400, `The disk resource '${name}' is already being used`, 'resourceInUseByAnotherResource');
      const operation: FakeOperation = world.begin('delete', zone, disk, requestId, () => {
        const fault = world.takeFault('deleteDisk');
        if (fault) setError(operation, fault.code, fault.message);
        else world.disks.delete(`${zone}/${name}`);
      });
      return operation;
    }),
  };
}

function insert(world: FakeWorld, { params, body }: FakeRequest, requestId: string | null): FakeOperation | FakeAnswer {
  const zone = params['zone']!;
  const { name, machineType, labels = {}, deletionProtection = false, scheduling, disks = [], networkInterfaces = [] } = body as InsertBody;
  const type = machineType.split('/').at(-1)!;
  if (!zones.includes(zone)) return fail(404, `The resource 'zones/${zone}' was not found`);
  if (!machineTypes[type])
    return fail(400, `Invalid value for field 'resource.machineType': '${machineType}'. The referenced resource does not exist.`);
  if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return fail(400, `Invalid value for field 'resource.name': '${name}'.`);
  if (world.instances.has(`${zone}/${name}`))
    return fail(409, `The resource 'projects/${world.project}/zones/${zone}/instances/${name}' already exists`);
  if (world.instances.size >= world.quota)
    return fail(403, `Quota 'INSTANCES' exceeded. Limit: ${world.quota}.0 in region.`, 'quotaExceeded');
  world.inserted++;
  const diskName = disks[0]?.initializeParams?.diskName ?? name;
  const [network] = networkInterfaces;
  const instance = world.addInstance(zone, name, {
    machineType: world.link(`zones/${zone}/machineTypes/${type}`),
    status: 'PROVISIONING',
    labels,
    labelFingerprint: fingerprint(labels),
    deletionProtection,
    ...(scheduling ? { scheduling } : {}),
    disks: [
      {
        kind: 'compute#attachedDisk',
        source: world.link(`zones/${zone}/disks/${diskName}`),
        boot: true,
        autoDelete: disks[0]?.autoDelete ?? false,
        type: 'PERSISTENT',
        mode: 'READ_WRITE',
        index: 0,
        deviceName: 'persistent-disk-0',
      },
    ],
  });
  delete instance.lastStartTimestamp;
  if (network?.accessConfigs) {
    const natIP = `198.51.100.${1 + (world.instances.size % 250)}`;
    instance.networkInterfaces[0]!.accessConfigs = network.accessConfigs.map(
      ({ name: config = 'External NAT', type: kind = 'ONE_TO_ONE_NAT' }) => ({
        name: config,
        type: kind,
        natIP,
      }),
    );
  }
  const sizeGb = disks[0]?.initializeParams?.diskSizeGb ?? '10';
  const diskLabels = disks[0]?.initializeParams?.labels ?? {};
  world.addDisk(zone, diskName, { sizeGb, labels: diskLabels, users: [instance.selfLink] });
  const operation: FakeOperation = world.begin('insert', zone, instance, requestId, () => {
    const fault = world.takeFault('insert');
    if (!fault) return void Object.assign(instance, { status: 'RUNNING', lastStartTimestamp: world.now() });
    setError(operation, fault.code, fault.message);
    if (fault.leaves === 'instance') return void Object.assign(instance, { status: 'RUNNING', lastStartTimestamp: world.now() });
    world.instances.delete(`${zone}/${name}`);
    if (fault.leaves === 'disk') delete world.disks.get(`${zone}/${diskName}`)!.users;
    else world.disks.delete(`${zone}/${diskName}`);
  });
  return operation;
}

function setError(operation: FakeOperation, code: string, message: string): void {
  Object.assign(operation, { error: { errors: [{ code, message }] }, httpErrorStatusCode: 400, httpErrorMessage: 'BAD REQUEST' });
}
