/** The probes: whether this process is up, and whether it can work. */
import type { Response } from "express";
import { Routes } from "../http/routes.ts";
import type { WebServices } from "../http/services.ts";
import { readHealth } from "../read/read_health.ts";

export function healthRoutes(services: WebServices): Routes {
  const routes = new Routes(services);
  routes.get("/healthz", "public", (_request, response) => void response.json({ status: "ok" }));
  routes.get("/readyz", "public", (_request, response) => ready(services, response));
  return routes;
}

/** Names the fault only, without details: the caller has not logged in. */
async function ready(services: WebServices, response: Response): Promise<void> {
  try {
    const { schedulers, lateLoops } = await readHealth(services);
    const working = lateLoops.length > 0 ? "late loops" : "ok";
    const status = schedulers > 0 ? working : "no scheduler";
    response.status(schedulers > 0 ? 200 : 503).json({ status });
  } catch {
    response.status(503).json({ status: "no database" });
  }
}
