import type { TokenRegistry } from '@supervisor/auth';
import type { CloudflareManager } from '@supervisor/cloudflare';
import type { GCloudManager } from '@supervisor/gcloud';
import type { KnowledgeBase } from '@supervisor/knowledge';
import type { PortManager } from '@supervisor/ports';
import type { HttpRequester, SecretQuestions, SecretsManager } from '@supervisor/secrets';
import type { TaskTimer } from '@supervisor/timing';

/** One manager for each domain: what the operations work on. */
export interface Managers {
  secrets: SecretsManager;
  requests: HttpRequester;
  questions: SecretQuestions;
  ports: PortManager;
  tasks: TaskTimer;
  knowledge: KnowledgeBase;
  cloudflare: CloudflareManager;
  gcloud: GCloudManager;
  tokens: TokenRegistry;
}
