/**
 * The secrets that the tasks and callbacks of a run may read. Each first reading of a
 * secret by a run is recorded before the secret is handed out.
 */
import { assertAllowed } from "../secrets/allowed.ts";
import type { SealedKind } from "../store/access/sealed.ts";
import { recordSecretRead } from "../store/access/secret_read.ts";
import type { Database } from "../store/database/database.ts";
import type { RunSnapshot } from "../store/runs/run_snapshot.ts";
import type { Secrets } from "./attempt.ts";

/** More than the runs of a worker read at the same time. */
const MOST_KNOWN = 10_000;

export class RunSecrets {
  readonly #db: Database;
  readonly #secrets: Secrets;
  /** Readings that this worker has recorded: most tries need no statement. */
  readonly #recorded = new Set<string>();

  constructor(db: Database, secrets: Secrets) {
    this.#db = db;
    this.#secrets = secrets;
  }

  /** The text without the secrets that are known so far. */
  get mask(): Secrets["mask"] {
    return this.#secrets.mask;
  }

  /** @param actor who asks, for the audit: `task load`, `callback onFailure` */
  of(run: RunSnapshot, actor: string): Secrets {
    const secrets = this.#secrets;
    return {
      ...secrets,
      connection: async (id) => {
        assertAllowed(run.version.spec, id);
        const found = await secrets.connection(id);
        await this.#record(run, "connection", id, actor);
        return found;
      },
      variable: async (key) => {
        const found = await secrets.variable(key);
        if (found !== null) await this.#record(run, "variable", key, actor);
        return found;
      },
    };
  }

  async #record(run: RunSnapshot, kind: SealedKind, id: string, actor: string): Promise<void> {
    const reading = `${run.id} ${kind} ${id}`;
    if (this.#recorded.has(reading)) return;
    await recordSecretRead(this.#db, { kind, id, run, dagId: run.version.dagId, actor });
    if (this.#recorded.size >= MOST_KNOWN) this.#recorded.clear();
    this.#recorded.add(reading);
  }
}
