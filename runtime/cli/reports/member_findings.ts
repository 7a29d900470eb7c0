/** What `dag doctor` says of the schedulers and workers of a deployment. */
import type { ClusterMember } from "../../store/reads/health.ts";

export interface Finding {
  readonly check: string;
  /** `no` fails the command; `note` is only information. */
  readonly result: "ok" | "note" | "no";
  readonly detail: string;
}

/** A member that missed a few heartbeats will soon be declared lost. */
const SILENCE_MS = 30_000;

/** One finding for each role, and one for each member with late loops. */
export function memberFindings(members: readonly ClusterMember[]): readonly Finding[] {
  const alive = members.filter(({ silentMs }) => silentMs < SILENCE_MS);
  return [
    ...(["scheduler", "worker"] as const).map((role) => roleFinding(role, alive)),
    ...alive.filter(({ lateLoops }) => lateLoops.length > 0).map(lateFinding),
  ];
}

function roleFinding(role: ClusterMember["role"], alive: readonly ClusterMember[]): Finding {
  const count = alive.filter((member) => member.role === role).length;
  if (count > 0) return { check: `${role}s`, result: "ok", detail: `${count} alive` };
  return {
    check: `${role}s`,
    result: "note",
    detail: `none has a fresh heartbeat; start one with: dag ${role}`,
  };
}

function lateFinding({ role, hostname, pid, lateLoops }: ClusterMember): Finding {
  return {
    check: `${role} ${hostname}, process ${pid}`,
    result: "note",
    detail: `late: ${lateLoops.join(", ")}; the database does not answer these jobs in time`,
  };
}
