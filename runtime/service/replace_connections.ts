/** What a service does about loops that are late. */
import type { ServiceLog } from "./log.ts";

/**
 * Breaks the connections of a database when loops are late, and says so. A connection
 * that fell silent raises no error, so the statement that waits on it must be sent again
 * over another one.
 */
export const replaceConnectionsOf =
  (db: { replaceConnections(): void }, log: ServiceLog) => (): void => {
    log("connections_replaced", { reason: "a statement got no answer" });
    db.replaceConnections();
  };
