/**
 * Warns of DAGs that subscribe to tables without triggers. A deployment does not install
 * them, because the database belongs to a user.
 */
import type { DagSpec } from "../../../sdk/spec/index.ts";
import type { ChangeSubscription } from "../../store/sources/change_subscription.ts";

/** A file, a code and a message, like a warning of the bundler. */
export interface EventWarning {
  readonly file: string;
  readonly line: number | null;
  readonly code: "EVENTS_NOT_INSTALLED";
  readonly message: string;
}

interface Declared {
  readonly file: string;
  readonly position: { readonly line: number } | null;
  readonly spec: DagSpec;
}

/** One warning for each source without a trigger. */
export function unlistedSources(
  versions: readonly Declared[],
  subscriptions: readonly ChangeSubscription[],
): readonly EventWarning[] {
  return versions.flatMap(({ file, position, spec: { dagId, on } }) =>
    on.flatMap((event): readonly EventWarning[] => {
      if (event.type !== "postgresChanges") return [];
      const { name, connection, schema, table } = event;
      const isHeard = subscriptions.some((subscription) => {
        const isSame =
          subscription.dagId === dagId &&
          subscription.name === name &&
          subscription.connection === connection;
        return (
          isSame &&
          subscription.schema === schema &&
          subscription.table === table &&
          subscription.installedAt !== null
        );
      });
      const message = `DAG "${dagId}" does not get changes in ${schema}.${table} of ${connection} yet. Run: dag changes install ${dagId}`;
      return isHeard
        ? []
        : [{ file, line: position?.line ?? null, code: "EVENTS_NOT_INSTALLED", message }];
    }),
  );
}
