/**
 * Each day, tells Orbit about three projects: calls `stars_to_orbit` for all of them at
 * the same time, waits for all, and reports how many activities each had. Connections:
 * those of `stars_to_orbit`.
 */
import { dag } from "dagsmith";
import starsToOrbit from "./stars_to_orbit.ts";

const d = dag("projects_to_orbit", {
  schedule: "@daily",
  startDate: "2026-01-01",
  catchup: "none",
  pausedAtCreation: true,
});

const of = (id: string, owner: string, repo: string) =>
  d.call(id, starsToOrbit, { params: { owner, repo }, timeout: "2h" });

const conductor = of("conductor", "conductor-oss", "conductor");
const cadence = of("cadence", "cadence-workflow", "cadence");
const temporal = of("temporal", "temporalio", "temporal");

d.task("join", { inputs: { conductor, cadence, temporal } }, ({ inputs, log }) => {
  for (const [project, { posted }] of Object.entries(inputs))
    log.info(`${project}: ${posted} activities`);
  return Object.values(inputs).reduce((sum, { posted }) => sum + posted, 0);
});

export default d;
