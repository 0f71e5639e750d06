import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

const hex = (text) => Buffer.from(text, 'hex');
const plain =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const cipher =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';
const key = 'feffe9928665731c6d6a8f9467308308'.repeat(2);
const iv = 'cafebabefacedbaddecaf888';

// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16.
const gcm = [
  { key: '00'.repeat(32), iv: '00'.repeat(12), plain: '', aad: '', cipher: '', tag: '530f8afbc74536b9a963b4f1c4cb738b' },
  {
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    plain: '00'.repeat(16),
    aad: '',
    cipher: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  { key, iv, plain, aad: '', cipher, tag: 'b094dac5d93471bdec1a502270e3cc6c' },
  {
    key,
    iv,
    plain: plain.slice(0, 120),
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    cipher: cipher.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];
// RFC 5869, test cases 1 and 3.
const hkdf = [
  {
    ikm: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];
// RFC 4231, test cases 1 and 2.
const hmac = [
  { key: '0b'.repeat(20), data: 'Hi There', mac: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7' },
  {
    key: Buffer.from('Jefe').toString('hex'),
    data: 'what do ya want for nothing?',
    mac: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
];

/** What differs from the published vectors; empty when all agree. */
export function checkVectors() {
  const problems = [];
  gcm.forEach(({ key, iv, plain, aad, cipher, tag }, index) => {
    const sealing = createCipheriv('aes-256-gcm', hex(key), hex(iv), { authTagLength: 16 }).setAAD(hex(aad));
    const sealed = Buffer.concat([sealing.update(hex(plain)), sealing.final(), sealing.getAuthTag()]).toString('hex');
    if (sealed !== cipher + tag) problems.push(`AES-256-GCM vector ${index + 13} seals differently`);
    const opening = createDecipheriv('aes-256-gcm', hex(key), hex(iv), { authTagLength: 16 }).setAAD(hex(aad)).setAuthTag(hex(tag));
    const opened = Buffer.concat([opening.update(hex(cipher)), opening.final()]).toString('hex');
    if (opened !== plain) problems.push(`AES-256-GCM vector ${index + 13} opens differently`);
  });
  hkdf.forEach(({ ikm, salt, info, okm }, index) => {
    const derived = Buffer.from(hkdfSync('sha256', hex(ikm), hex(salt), hex(info), okm.length / 2)).toString('hex');
    if (derived !== okm) problems.push(`HKDF vector ${index} differs`);
  });
  hmac.forEach(({ key, data, mac }, index) => {
    if (createHmac('sha256', hex(key)).update(data).digest('hex') !== mac) problems.push(`HMAC vector ${index} differs`);
  });
  return { count: gcm.length + hkdf.length + hmac.length, problems };
}
