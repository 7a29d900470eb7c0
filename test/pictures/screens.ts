/** The screens of the page, by name: their addresses, and what is pressed there first. */

export interface Screen {
  readonly address: string;
  /** Keys that are pressed before the picture is taken. */
  readonly keys?: readonly string[];
  /** Part of the page that is scrolled to. */
  readonly part?: string;
  readonly status?: number;
}

export type Screens = Readonly<Record<string, Screen>>;

const DAG = "/dags/orders_daily";
const TABS = [
  ...["graph", "runs", "tasks", "calendar", "decisions", "backfills", "docs", "state"],
  ...["audit", "settings", "trigger", "backfills/new"],
];

const at = (addresses: Readonly<Record<string, string>>): Screens =>
  Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, { address }]));

/** @param run a failed run @param log the address of the log of its failed task */
export function screensOf({ run, log }: { readonly run: number; readonly log: string }): Screens {
  const task = `/runs/${run}/tasks/load`;
  return {
    ...at({ home: "/", runs: "/runs", calendar: "/calendar", assets: "/data", system: "/system" }),
    ...at({ run: `/runs/${run}`, task, audit: "/audit", pools: "/pools", design: "/design" }),
    ...at({ mark: `${task}/mark?to=success`, compare: `/runs/${run}/compare`, dag: DAG }),
    ...at({ deployments: "/deployments", deployment: "/deployments/1", inbox: "/inbox" }),
    ...at({ variables: "/variables", connections: "/connections", users: "/users" }),
    ...at({ connection: "/connections/warehouse", new_connection: "/new/connection" }),
    ...at({ new_postgres: "/new/connection?type=postgres", tokens: "/account" }),
    ...at({ clear: `/runs/${run}/clear?taskId=load&downstream=on`, find: `${log}/find?q=page` }),
    ...at({ bulk: `/bulk/runs?do=clear&run=${run}`, history: `${DAG}/tasks/load` }),
    ...at({ bulk_dags: "/bulk/dags?do=pause&dag=orders_daily&dag=forecast" }),
    ...at({ asset: `/data/events?uri=${encodeURIComponent("lake://orders")}` }),
    ...at({ search: "/search?q=orders", dag_code: `${DAG}/code` }),
    ...at({ diff: `${DAG}/code?version=2&against=1`, backfill: "/backfills/1" }),
    ...Object.fromEntries(
      TABS.map((tab) => [`dag_${tab.replace("/", "_")}`, { address: `${DAG}/${tab}` }]),
    ),
    agenda: { address: "/calendar", part: "#agenda" },
    log: { address: task, part: "#log" },
    palette: { address: "/", keys: ["/"] },
    help: { address: "/", keys: ["?"] },
    not_found: { address: "/runs/999999", status: 404 },
    wrong: { address: "/runs?label=no-value", status: 400 },
  };
}

/** Screens of a deployment without any DAG. */
export const EMPTY: Screens = Object.fromEntries(
  [
    ...["/", "/runs", "/calendar", "/data", "/inbox", "/deployments", "/audit", "/connections"],
    ...["/variables", "/pools", "/system", "/users", "/account"],
  ].map((address) => [`empty_${address.slice(1) || "home"}`, { address }]),
);

export const LOGIN: Screens = { login: { address: "/login" } };
