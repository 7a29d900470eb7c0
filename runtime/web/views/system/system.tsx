/**
 * Whether the deployment is healthy: services, queue, database, and what was deployed.
 */
import type { VNode } from "preact";
import type { ServiceRow, SystemFacts } from "../../../store/reads/system.ts";
import { durationText } from "../../../words/duration_text.ts";
import type { System } from "../../read/read_system.ts";
import { Fact } from "../parts/fact.tsx";
import { Id } from "../parts/id.tsx";
import { Time } from "../parts/time.tsx";

export function SystemPage({ services, facts, versions }: System): VNode {
  return (
    <div id="system" data-live>
      <div class="title">
        <h1>System</h1>
      </div>
      <Problems services={services} />
      {facts && <Facts facts={facts} />}
      <h2 class="above">Schedulers and workers</h2>
      {services.length === 0 ? (
        <p class="nothing">
          No scheduler and no worker runs. Start them with <code>dag start</code>.
        </p>
      ) : (
        <Services services={services} />
      )}
      <h2 class="above">Deployed last</h2>
      <table class="list">
        <thead>
          <tr>
            <th>DAG</th>
            <th>Version</th>
            <th class="low">File</th>
            <th>Deployed</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ dagId, number, file, createdAt, isCurrent }) => (
            <tr>
              <th scope="row">
                <a href={`/dags/${dagId}`}>
                  <Id text={dagId} />
                </a>
              </th>
              <td class="number">
                {number}
                {!isCurrent && <span class="faint"> replaced</span>}
              </td>
              <td class="low">
                <code>{file}</code>
              </td>
              <td>
                <Time at={createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isAlive({ isSilent, state }: ServiceRow): boolean {
  return !isSilent && state !== "lost";
}

/** What is wrong, and what follows from it. */
function Problems({ services }: Pick<System, "services">): VNode {
  const has = (role: ServiceRow["role"]): boolean =>
    services.some((one) => one.role === role && isAlive(one));
  return (
    <>
      {!has("scheduler") && (
        <p class="refused">
          No scheduler is alive: no scheduled run starts, and no lost try is rescued.
        </p>
      )}
      {!has("worker") && <p class="refused">No worker is alive: queued tasks wait.</p>}
    </>
  );
}

function Facts({ facts }: { readonly facts: SystemFacts }): VNode {
  const { waitingJobs, oldestWaitSeconds, databaseBytes, logsDeletedUntil } = facts;
  return (
    <dl class="facts">
      <Fact name="Queue">
        {waitingJobs === 0 ? "no task waits for a worker" : `${waitingJobs} wait for a worker`}
      </Fact>
      {oldestWaitSeconds !== null && (
        <Fact name="Oldest of them">{durationText(oldestWaitSeconds * 1_000)}</Fact>
      )}
      <Fact name="Active runs">
        <a href="/runs?state=running">{facts.activeRuns}</a>
      </Fact>
      <Fact name="Database">{facts.server}</Fact>
      <Fact name="Size">{bytesText(databaseBytes)}</Fact>
      <Fact name="Connections">
        {facts.connections} of {facts.maxConnections}
      </Fact>
      {logsDeletedUntil !== null && (
        <Fact name="Logs deleted until">
          <Time at={logsDeletedUntil} />
        </Fact>
      )}
    </dl>
  );
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** `1.4 GB`, in units of 1,000. */
function bytesText(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** unit;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

function Services({ services }: Pick<System, "services">): VNode {
  return (
    <table class="list">
      <thead>
        <tr>
          <th>Service</th>
          <th>State</th>
          <th>Slots</th>
          <th class="low">Queues</th>
          <th class="low">Started</th>
          <th>Last heartbeat</th>
        </tr>
      </thead>
      <tbody>
        {services.map((one) => (
          <tr data-key={one.id}>
            <th scope="row">
              {one.role} on {one.hostname}
              <p>process {one.pid}</p>
            </th>
            <td>
              {isAlive(one) ? (
                one.state
              ) : (
                <span class="bad">{one.state === "lost" ? "lost" : "silent"}</span>
              )}
              {one.lateLoops.length > 0 && <p class="bad">late: {one.lateLoops.join(", ")}</p>}
            </td>
            <td class="number">{one.slots ?? "–"}</td>
            <td class="low">{one.queues?.join(", ") ?? "–"}</td>
            <td class="low">
              <Time at={one.startedAt} />
            </td>
            <td>
              <Time at={one.heartbeatAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
