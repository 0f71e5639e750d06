import { setTimeout as sleep } from 'node:timers/promises';
import { findService } from '@supervisor/client';

/** Calls operations over the socket; after a lost connection it asks again, for so many seconds from the loss at the longest. */
export class Caller {
  #rpc;

  constructor(home, role, seconds = 10) {
    this.home = home;
    this.role = role;
    this.seconds = seconds;
  }

  async call(operation, input = {}) {
    for (let deadline; ; await sleep(20)) {
      try {
        if (!this.#rpc) {
          this.#rpc = await this.#open();
          deadline = undefined;
        }
        return await this.#rpc.request('call', { operation, input });
      } catch (error) {
        // What the service itself refused is an answer.
        if (error.name === 'SupervisorError' && error.code !== 'unavailable') throw error;
        this.close();
        deadline ??= Date.now() + this.seconds * 1000;
        if (Date.now() > deadline)
          throw new Error(`${operation} still fails ${this.seconds} s after the connection was lost: ${error.message}`, { cause: error });
      }
    }
  }

  close() {
    this.#rpc?.close();
    this.#rpc = undefined;
  }

  async #open() {
    const rpc = await findService(this.home.paths);
    if (!rpc) throw new Error('no service');
    await rpc.request('hello', { role: this.role });
    return rpc;
  }
}
