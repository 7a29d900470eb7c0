/** What `dag doctor` says of the PostgreSQL server and of what stands before it. */
import type { ServerFacts } from "../../store/database/server_facts.ts";
import type { Finding } from "./member_findings.ts";

/** Connections that a small deployment uses: scheduler, page and two workers. */
const NEEDED_CONNECTIONS = 60;

/** Only problems: a server without one gets no line. */
export function serverFindings(facts: ServerFacts, isDirectSet: boolean): readonly Finding[] {
  const check = "server";
  const findings: Finding[] = [];
  if (facts.isReadOnly)
    findings.push({
      check,
      result: "no",
      detail: "is read-only (a standby, or default_transaction_read_only): nothing can run",
    });
  if (facts.maxConnections - facts.usedConnections < NEEDED_CONNECTIONS)
    findings.push({
      check,
      result: "note",
      detail: `${facts.usedConnections} of ${facts.maxConnections} connections are in use; a scheduler, a page and two workers want ${NEEDED_CONNECTIONS}`,
    });
  for (const found of facts.differentFormats)
    findings.push({
      check,
      result: "no",
      detail: `sessions have ${found} after it was set to another value: the pooler drops settings; set it for the user of DATABASE_URL`,
    });
  if (facts.between !== "none") findings.push(poolerFinding(facts.between, isDirectSet));
  return findings;
}

function poolerFinding(between: "session" | "transaction", isDirectSet: boolean): Finding {
  const check = "pooler";
  if (between === "session")
    return { check, result: "ok", detail: "a proxy, or a pooler in session mode, stands between" };
  if (isDirectSet)
    return { check, result: "ok", detail: "a pooler in transaction mode, and DATABASE_URL_DIRECT" };
  return {
    check,
    result: "no",
    detail:
      "DATABASE_URL leads to a pooler in transaction mode: set DATABASE_URL_DIRECT to the server itself, or use session mode",
  };
}
