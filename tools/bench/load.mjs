// Asks one URL again and again over connections that are kept, and prints how many answers came. Usage: node load.mjs URL CONNECTIONS MILLISECONDS
import { Agent, get } from 'node:http';

const [url, connections, milliseconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const mostRequests = 100_000;
const options = {
  agent: new Agent({ keepAlive: true, maxSockets: connections }),
  headers: { authorization: `Bearer ${process.env.TOKEN}` },
};

function ask() {
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      response
        .resume()
        .once('error', reject)
        .once('end', () => resolve(response.statusCode));
    }).once('error', reject);
  });
}

let answers = 0;
const started = performance.now();
async function askUntilTheEnd() {
  while (answers < mostRequests && performance.now() - started < milliseconds) {
    const status = await ask();
    if (status !== 200) throw new Error(`${url} answered ${status}.`);
    answers++;
  }
}

await Promise.all(Array.from({ length: connections }, askUntilTheEnd));
console.log(JSON.stringify({ perSecond: (1000 * answers) / (performance.now() - started) }));
process.exit(0);
