/**
 * Plans of versions. Versions never change, so their plans are cached; the number is
 * bounded, so that memory stays flat over many deployments.
 */
import type { Plan } from "../../engine/plan/plan.ts";
import { planOf } from "../../engine/plan/plan_of.ts";
import type { Queryable } from "../database/database.ts";
import { getVersions, type VersionRow } from "./dag_version.ts";

const KEPT = 20_000;

export interface PlannedVersion extends VersionRow {
  readonly plan: Plan;
}

export class Plans {
  readonly #kept = new Map<number, PlannedVersion>();

  /** The versions of these ids; one statement reads those that are not cached. */
  async get(db: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, PlannedVersion>> {
    const missing = [...new Set(ids)].filter((id) => !this.#kept.has(id));
    if (missing.length > 0)
      for (const version of await getVersions(db, missing))
        this.#keep({ ...version, plan: planOf(version.spec) });
    const found = ids.flatMap((id) => this.#kept.get(id) ?? []);
    return new Map(found.map((version) => [version.id, version]));
  }

  #keep(version: PlannedVersion): void {
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(version.id, version);
  }
}
