import { expect, test } from '@jest/globals';
import { addressProblem } from './addresses.js';

const words = (text: string) => text.trim().split(/\s+/);

const closed = words(`
  0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1
  172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
  224.0.0.251 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
  ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
  2001:20::1 2001:db8::1 2002:7f00:1:: 2002:c0a8:101::1 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1
  fe80::1%lo febf::1 fec0::1 ff02::1 4000::1 e000::1 localhost 127.1 0x7f.1 2130706433 1.2.3.4.5 1.2.3.256 :::
  2606:4700::1111%eth0
`);
const open = words(`
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.255.255
  2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001:80b::200e 2003::1 3ffe::1
`);

test.each([...closed, ''])('no request goes to %p', (address) => expect(addressProblem(address)).toBeDefined());
test.each(open)('%p may be another machine', (address) => expect(addressProblem(address)).toBeUndefined());
