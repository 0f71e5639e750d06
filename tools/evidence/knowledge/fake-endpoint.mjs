import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { wordEmbedder } from './embedders.mjs';

/** An endpoint on loopback that speaks as OpenAI's does; a model's name ends in its dimensions, such as words-64. */
export async function fakeEndpoint(stage, { milliseconds = 0 } = {}) {
  const endpoint = { url: '', texts: [], requests: 0 };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const { model, input } = JSON.parse(body);
    endpoint.requests++;
    endpoint.texts.push(...input);
    await sleep(milliseconds);
    const vectors = await wordEmbedder(Number(model.split('-')[1])).embed(input);
    response.end(JSON.stringify({ data: vectors.map((embedding, index) => ({ index, embedding })) }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onEnd(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  endpoint.url = `http://127.0.0.1:${server.address().port}/v1`;
  return endpoint;
}
