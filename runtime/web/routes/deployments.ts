/** The pages of deployments: the list, and one with what going to it would change. */
import type { Request, Response } from "express";
import { h } from "preact";
import { isDagsmithError } from "../../../sdk/errors.ts";
import type { DeploymentPreview } from "../../actions/index.ts";
import { needs } from "../http/access.ts";
import { actionsOfForm, actorOf, needActions, sessionToken } from "../http/authorize.ts";
import { checked } from "../http/input/check.ts";
import { deploymentParams, deploymentsQuery, restoreForm } from "../http/input/deployments.ts";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readDeployment, readDeployments } from "../read/read_deployments.ts";
import { DeploymentPage } from "../views/deployments/deployment.tsx";
import { DeploymentList } from "../views/deployments/deployment_list.tsx";
import { readForm, shownError } from "./form.ts";
import { sendPage } from "./send_page.ts";

export function deploymentRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  const deploys = needs("dag.deploy");
  routes.get("/deployments", deploys, (request, response) => list(services, request, response));
  routes.get("/deployments/:id", deploys, (request, response) => one(services, request, response));
  routes.post("/deployments/:id/restore", deploys, readForm, (request, response) =>
    restore(services, request, response),
  );
  return routes;
}

async function list(services: WebServices, request: Request, response: Response): Promise<void> {
  const { before, limit } = checked(deploymentsQuery, request.query);
  const deployments = await readDeployments(services, before, limit);
  const last = deployments.at(-1);
  const older =
    deployments.length < limit ? null : `/deployments?before=${last?.id}&limit=${limit}`;
  const body = h(DeploymentList, { deployments, older });
  await sendPage(services, request, response, { title: "Deployments", body });
}

/** Why going to the deployment was refused, as the page shows it. */
interface Refusal {
  readonly status: number;
  readonly message: string;
}

async function one(
  services: WebServices,
  request: Request,
  response: Response,
  refused?: Refusal,
): Promise<void> {
  const { id } = checked(deploymentParams, request.params);
  const view = await readDeployment(services, id);
  // Before the preview: a deployment that comes between both is noticed.
  const [newest] = await readDeployments(services, null, 1);
  const { preview, obstacle } = await previewOf(services, id);
  if (refused) response.status(refused.status);
  await sendPage(services, request, response, {
    title: `Deployment ${id}`,
    body: h(DeploymentPage, {
      ...{
        ...view,
        preview,
        obstacle,
        latest: newest?.id ?? null,
        error: refused?.message ?? null,
      },
      token: services.actions && sessionToken(request),
    }),
  });
}

/** What going to the deployment would change now, or why that is not possible. */
async function previewOf(
  services: WebServices,
  id: number,
): Promise<{ readonly preview: DeploymentPreview | null; readonly obstacle: string | null }> {
  if (!services.actions) return { preview: null, obstacle: "This server is read-only." };
  try {
    const preview = await needActions(services).previewRestore(services.db, { id });
    return { preview, obstacle: null };
  } catch (error) {
    if (!isDagsmithError(error) || error.code !== "DEPLOYMENT_PRUNED") throw error;
    return { preview: null, obstacle: error.message };
  }
}

/** Going to an older deployment is a rollback, to a newer one a promotion. */
async function restore(services: WebServices, request: Request, response: Response): Promise<void> {
  const actions = actionsOfForm(services, request);
  const { id } = checked(deploymentParams, request.params);
  const { reason, latest } = checked(restoreForm, request.body ?? {});
  const [newest] = await readDeployments(services, null, 1);
  const isOlder = id < (newest?.restoredId ?? newest?.id ?? 0);
  const verb = isOlder ? "rollbackDeployment" : "promoteDeployment";
  const more = reason === null ? {} : { reason };
  const asked = { which: { id }, latest, actor: actorOf(request), ...more };
  try {
    await actions[verb](services.db, asked);
    response.redirect(303, "/deployments");
  } catch (error) {
    const message = shownError(services, error, []);
    const isLate = isDagsmithError(error) && error.code === "DEPLOYED_MEANWHILE";
    await one(services, request, response, { status: isLate ? 409 : 422, message });
  }
}
