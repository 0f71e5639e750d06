import { mayAccess } from '@supervisor/core';
import type { KnowledgeBase } from '@supervisor/knowledge';
import type { Lessons } from '@supervisor/timing/operations';

const most = 3;
const longest = 400;

/** What tasks teach and are told, kept by the knowledge base. What it cannot do, it reports; the task goes on. */
export function lessonsOf(knowledge: KnowledgeBase, report: (error: unknown) => void): Lessons {
  return {
    async keep({ project, id }, text, { principal }) {
      try {
        return (await knowledge.learn(project, text, { task: id }, { boundTo: principal.boundTo, project })).id;
      } catch (error) {
        report(error);
        return null;
      }
    },
    async related({ project, description }, { principal }) {
      if (!mayAccess(principal, 'read')) return [];
      try {
        const found = await knowledge.related(description, most, { boundTo: principal.boundTo, project });
        return found.map(({ id, project, text }) => ({ id, project, text: text.length > longest ? `${text.slice(0, longest)}…` : text }));
      } catch (error) {
        report(error);
        return [];
      }
    },
  };
}
