/** The tasks of a group instance, on the page of the group. */
import type { VNode } from "preact";
import type { GroupMember } from "../../read/read_members.ts";
import { Id } from "../parts/id.tsx";
import { State } from "../parts/state.tsx";
import { StartedAndTook } from "../parts/time.tsx";

export function Members({ members }: { readonly members: readonly GroupMember[] }): VNode {
  return (
    <section id="members" data-live aria-label="Tasks of the group">
      <h2 class="above">Tasks</h2>
      <table class="list">
        <thead>
          <tr>
            <th>Task</th>
            <th>State</th>
            <th>Try</th>
            <th>Started</th>
            <th>Duration</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr data-key={member.href}>
              <th scope="row">
                <a href={member.href}>
                  <Id text={member.name} />
                </a>
              </th>
              <td>
                <State state={member.state} />
              </td>
              <td>{member.tryNumber > 0 && member.tryNumber}</td>
              <StartedAndTook startedAt={member.startedAt} finishedAt={member.finishedAt} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
