import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';

/** A real HTTPS server with a certificate for these names. `answer` handles a request; without one it answers 200. */
export async function tlsServer(stage, names) {
  const folder = stage.folder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`];
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', ...subject];
  execFileSync('openssl', [...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const ca = readFileSync(cert);
  const self = {
    answer: undefined,
    /** To this server, whatever the address; it proves the name that was asked for. */
    connect: ({ servername }) => connect({ host: '127.0.0.1', port: server.address().port, servername, ca }),
  };
  const server = createServer({ key: readFileSync(key), cert: ca }, (request, response) =>
    self.answer ? self.answer(request, response) : response.end('{}'),
  );
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return self;
}
