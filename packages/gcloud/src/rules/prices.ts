/**
 * Google's list prices on demand, in US dollars an hour, for us-central1. They are for estimates: the bill has discounts, taxes,
 * traffic and licences that a table cannot know.
 */
export const priceTable = {
  asOf: '2025-01-01',
  source: 'https://cloud.google.com/compute/vm-instance-pricing',
  machineTypes: {
    'e2-micro': 0.0084,
    'e2-small': 0.0168,
    'e2-medium': 0.0336,
    'e2-standard-2': 0.0671,
    'e2-standard-4': 0.1341,
    'e2-standard-8': 0.2681,
    'e2-standard-16': 0.5361,
    'e2-highmem-2': 0.0904,
    'e2-highmem-4': 0.1808,
    'e2-highmem-8': 0.3616,
    'e2-highcpu-2': 0.0495,
    'e2-highcpu-4': 0.099,
    'e2-highcpu-8': 0.1979,
    'n1-standard-1': 0.0475,
    'n1-standard-2': 0.095,
    'n1-standard-4': 0.19,
    'n1-standard-8': 0.38,
    'n2-standard-2': 0.0972,
    'n2-standard-4': 0.1943,
    'n2-standard-8': 0.3885,
    'n2-highmem-2': 0.1311,
    'n2-highmem-4': 0.2621,
    'n2-highcpu-2': 0.0717,
    'n2-highcpu-4': 0.1434,
    'n2d-standard-2': 0.0845,
    'n2d-standard-4': 0.169,
    'n2d-standard-8': 0.338,
    'c2-standard-4': 0.2088,
    'c2-standard-8': 0.4176,
  } as Readonly<Record<string, number>>,
  /** How much more a region costs than us-central1, rounded up. */
  regions: {
    'us-central1': 1,
    'us-east1': 1,
    'us-west1': 1,
    'us-east4': 1.13,
    'us-west2': 1.21,
    'europe-north1': 1.11,
    'europe-west1': 1.11,
    'europe-west4': 1.11,
    'europe-west3': 1.29,
    'asia-east1': 1.17,
  } as Readonly<Record<string, number>>,
  /** A gigabyte of a balanced persistent disk: 0.10 a month of 730 hours. */
  diskGb: 0.1 / 730,
  /** A public IPv4 address in use. */
  publicIp: 0.005,
};

/** Google's projects of images that cost nothing on top of the machine. Windows, SQL Server, RHEL, SLES and Ubuntu Pro do. */
export const freeImageProjects = ['debian-cloud', 'ubuntu-os-cloud', 'cos-cloud', 'rocky-linux-cloud'];
