import { parse } from 'yaml';
import { expansion } from './command-line.js';
import { isPort, variableOf, type Edit } from './service.js';

export interface ComposePort {
  service: string;
  port: number;
  variable: string;
  edit?: Edit;
}

/** The ports that a compose file publishes on this machine, the first of each service. A file that is no YAML has none. */
export function portsOfCompose(text: string): ComposePort[] {
  return Object.entries(servicesOf(text)).flatMap(([service, definition]) => {
    const [first] = Array.isArray(definition?.ports) ? (definition.ports as unknown[]) : [];
    const found = typeof first === 'object' && first !== null ? long(service, first) : short(service, String(first ?? ''), text);
    return found ? [found] : [];
  });
}

function servicesOf(text: string): Record<string, { ports?: unknown } | null> {
  try {
    return (parse(text) as { services?: Record<string, { ports?: unknown }> } | null)?.services ?? {};
  } catch {
    return {};
  }
}

// "3000:80", "127.0.0.1:3000:80/tcp" or "${WEB_PORT:-3000}:80". A container's port alone gets a free one by itself.
function short(service: string, mapping: string, text: string): ComposePort | undefined {
  const [, address = '', variable, preset, fixed] =
    /^((?:\d+\.){3}\d+:|\[[^\]]*\]:)?(?:\$\{(\w+):?-(\d+)\}|(\d+)):\d+(?:\/tcp)?$/.exec(mapping) ?? [];
  if (variable && isPort(preset)) return { service, port: Number(preset), variable };
  if (!isPort(fixed)) return undefined;
  const own = variableOf(service);
  const to = mapping.replace(`${address}${fixed}:`, `${address}${expansion(own, fixed)}:`);
  // Only a mapping that stands there once can be meant.
  const once = text.split(mapping).length === 2;
  return { service, port: Number(fixed), variable: own, ...(once ? { edit: { from: mapping, to } } : {}) };
}

function long(service: string, mapping: object): ComposePort | undefined {
  const published = String((mapping as { published?: unknown }).published ?? '');
  const [, variable, preset] = /^\$\{(\w+):?-(\d+)\}$/.exec(published) ?? [];
  if (variable && isPort(preset)) return { service, port: Number(preset), variable };
  return isPort(published) ? { service, port: Number(published), variable: variableOf(service) } : undefined;
}
