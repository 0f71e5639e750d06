// On its own: it opens a database, which no other command of the CLI does.
import { openInMemory } from '@supervisor/db';
import { evaluate, KnowledgeBase, pairedInterval, readCollection, type EvaluateOptions, type Evaluation } from '@supervisor/knowledge';

export { pairedInterval, type Evaluation };

/** Measures retrieval on a collection, in a database in memory: nothing of the home is read or changed. */
export async function evaluateDirectory(directory: string, options: EvaluateOptions = {}): Promise<Evaluation> {
  const collection = await readCollection(directory);
  const database = await openInMemory();
  try {
    return await evaluate(new KnowledgeBase({ db: database }), collection, options);
  } finally {
    await database.close();
  }
}
