/**
 * The places that no name of a DAG leads to, for the bar and for the search. Each names
 * the permission that its route was registered with: a reader sees only places that open.
 */
import type { Permission } from "../../../access/permissions.ts";

export interface Place {
  readonly href: string;
  readonly label: string;
  readonly permission: Permission;
  /** Further words that the search finds it by. */
  readonly words: string;
  /** The addresses that belong to it in the bar; null: it is not in the bar. */
  readonly owns: RegExp | null;
}

export const PLACES: readonly Place[] = [
  {
    ...{ href: "/", label: "DAGs", words: "home list" },
    ...{ permission: "dag.read", owns: /^\/($|dags\/|backfills\/)/ },
  },
  {
    ...{ href: "/runs", label: "Runs", words: "all dags history" },
    ...{ permission: "dag.read", owns: /^\/(runs|t)(\/|$)/ },
  },
  {
    ...{ href: "/runs?state=failed", label: "Failed runs", words: "errors broken" },
    ...{ permission: "dag.read", owns: null },
  },
  {
    ...{ href: "/runs?state=running", label: "Running runs", words: "active now" },
    ...{ permission: "dag.read", owns: null },
  },
  {
    ...{ href: "/?filter=paused", label: "Paused DAGs", words: "off stopped" },
    ...{ permission: "dag.read", owns: null },
  },
  {
    ...{ href: "/calendar", label: "Calendar", words: "agenda next runs planned month day" },
    ...{ permission: "dag.read", owns: /^\/calendar/ },
  },
  {
    ...{ href: "/inbox", label: "Inbox", words: "questions answers approvals ask" },
    ...{ permission: "dag.read", owns: /^\/inbox/ },
  },
  {
    ...{ href: "/data", label: "Assets", words: "data datasets lineage" },
    ...{ permission: "asset.read", owns: /^\/data(\/|$)/ },
  },
  {
    ...{ href: "/pools", label: "Settings", words: "pools slots limits connections variables" },
    ...{ permission: "system.read", owns: /^\/(pools|connections|variables|new\/connection)/ },
  },
  {
    ...{ href: "/system", label: "System", words: "health workers scheduler queue database" },
    ...{ permission: "system.read", owns: /^\/system/ },
  },
  {
    ...{ href: "/deployments", label: "Deployments", words: "versions rollback promote deploy" },
    ...{ permission: "dag.deploy", owns: /^\/deployments/ },
  },
  {
    ...{ href: "/audit", label: "Audit", words: "who did what log" },
    ...{ permission: "audit.read", owns: /^\/audit/ },
  },
  {
    ...{ href: "/users", label: "Users", words: "people roles access" },
    ...{ permission: "user.edit", owns: /^\/users/ },
  },
];
