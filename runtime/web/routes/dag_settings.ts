/** The tabs of a DAG about itself: its tasks over the last runs, and its settings. */
import type { Request } from "express";
import { h } from "preact";
import { allows, PERMISSIONS, type Permission } from "../../access/permissions.ts";
import { mayAlso, needs } from "../http/access.ts";
import { formToken } from "../http/authorize.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readUsers } from "../read/read_access.ts";
import { readTaskLines } from "../read/read_history.ts";
import { type Allowed, Settings } from "../views/dag/settings.tsx";
import { TaskList } from "../views/dag/task_list.tsx";
import { sendDag } from "./dag_page.ts";

export function dagSettingsRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/dags/:dagId/tasks", needs("dag.read", "dagId"), (request, response) =>
    sendDag(services, request, response, async (dag) => {
      const { tasks, runs } = await readTaskLines(services, dag);
      const list = h(TaskList, { dagId: dag.dagId, tasks, runs });
      const children = h("div", { id: "task-list", "data-live": true }, list);
      return { tab: "tasks", title: `Tasks of ${dag.dagId}`, children };
    }),
  );
  routes.get("/dags/:dagId/settings", needs("dag.read", "dagId"), (request, response) =>
    sendDag(services, request, response, async (dag) => {
      const allowed = await whoMay(services, request, dag.spec.tags);
      const token = dag.removedAt === null ? formToken(services, request) : undefined;
      const children = h("div", { id: "settings", "data-live": true }, [
        h(Settings, { dag, token, allowed }),
      ]);
      return { tab: "settings", title: `Settings of ${dag.dagId}`, children };
    }),
  );
  return routes;
}

/** What may be allowed about one DAG, the weakest first. */
const ABOUT_DAG: readonly Permission[] = ["dag.read", "xcom.read", "dag.operate", "dag.deploy"];

async function whoMay(
  services: WebServices,
  request: Request,
  tags: readonly string[],
): Promise<readonly Allowed[]> {
  const users = mayAlso(request, "user.edit", null) ? await readUsers(services) : null;
  return ABOUT_DAG.map((permission) => ({
    what: PERMISSIONS[permission].meaning,
    role: PERMISSIONS[permission].role,
    users: users && namesOf(users, permission, tags),
  }));
}

function namesOf(
  users: Awaited<ReturnType<typeof readUsers>>,
  permission: Permission,
  tags: readonly string[],
): readonly string[] {
  return users
    .filter(({ disabledAt }) => disabledAt === null)
    .filter(({ grants }) => allows({ grants, scopes: null }, permission, tags))
    .map(({ name }) => name);
}
