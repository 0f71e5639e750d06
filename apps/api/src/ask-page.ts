import { createHash } from 'node:crypto';

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
input,button{font:inherit;padding:.5rem .7rem;width:100%;box-sizing:border-box;margin:.4rem 0}code{font-size:1.05em}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}}`;

/** Nothing but this page's own style, and a form to where it came from. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

export function askPage({ path, description }: { path: string; description?: string | undefined }, problem?: string): string {
  const why = description === undefined ? '' : `<p>What it is for, in the agent's words: ${escape(description)}</p>`;
  const wrong = problem === undefined ? '' : `<p role="alert">${escape(problem)}</p>`;
  return page(
    `An agent asks for <code>${escape(path)}</code>`,
    `${why}<p>It goes into Supervisor, encrypted. Give it only if you started this work.</p>${wrong}
<form method="post"><label for="value">The value</label><input id="value" name="value" type="password" autocomplete="off" required autofocus><button>Store it</button></form>`,
  );
}

export function donePage(path: string): string {
  return page('Stored', `<p><code>${escape(path)}</code> is stored. You can close this page.</p>`);
}

export function gonePage(message: string): string {
  return page('Nothing to answer here', `<p>${escape(message)}</p>`);
}

function page(title: string, content: string): string {
  const plain = title.replace(/<[^>]+>/g, '');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${plain}</title><style>${style}</style></head><body><h1>${title}</h1>${content}</body></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
