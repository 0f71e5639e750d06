import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProject } from '@supervisor/client';
import type { HistoryTask } from '@supervisor/supervisor/estimate';

/** Where Claude Code keeps its transcripts. */
export function transcriptsFolder(): string {
  return join(process.env['CLAUDE_CONFIG_DIR'] ?? join(homedir(), '.claude'), 'projects');
}

interface Line {
  type?: string;
  timestamp?: string;
  uuid?: string;
  cwd?: string;
  isSidechain?: boolean;
  isMeta?: boolean;
  message?: { content?: unknown };
}

/** Each request of a person in the transcripts, from when it was made to the last thing done for it. */
export function* readTranscripts(folder: string): Generator<HistoryTask> {
  if (!existsSync(folder)) return;
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (path.endsWith('.jsonl')) yield* readTranscript(readFileSync(join(folder, path), 'utf8'));
  }
}

/** Looks at times, kinds, ids and folders of the lines; what was written is never taken over. */
function* readTranscript(text: string): Generator<HistoryTask> {
  let current: HistoryTask | undefined;
  for (const row of text.split('\n')) {
    const line = parse(row);
    const time = Date.parse(line?.timestamp ?? '');
    if (!line || !Number.isFinite(time) || line.isSidechain === true) continue;
    if (isRequest(line)) {
      if (current && current.end > current.start) yield current;
      current = begin(line, time);
    } else if (current && (line.type === 'assistant' || line.type === 'user')) {
      current.end = Math.max(current.end, time);
      current.actualSeconds = (current.end - current.start) / 1000;
    }
  }
  if (current && current.end > current.start) yield current;
}

function begin({ uuid, cwd }: Line, time: number): HistoryTask {
  return {
    id: `claude-code:${uuid}`,
    project: (cwd === undefined ? undefined : findProject(cwd).project) ?? 'meta',
    type: 'agent_request',
    agent: 'claude-code',
    model: null,
    description: 'A request in a transcript of Claude Code',
    status: 'completed',
    start: time,
    end: time,
    actualSeconds: 0,
    estimatedSeconds: null,
  };
}

function parse(row: string): Line | undefined {
  try {
    const value: unknown = row === '' ? undefined : JSON.parse(row);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    // The last line of a running session may be half written.
    return undefined;
  }
}

// A tool's answer is a line of type user, too.
function isRequest({ type, uuid, isMeta, message }: Line): boolean {
  if (type !== 'user' || isMeta === true || typeof uuid !== 'string' || !/^[\w-]{8,64}$/.test(uuid)) return false;
  const content = message?.content;
  if (!Array.isArray(content)) return true;
  return !content.some((part: { type?: string } | null) => part?.type === 'tool_result');
}
