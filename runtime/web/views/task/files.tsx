/** The files that a task instance stored. */
import type { VNode } from "preact";
import type { TaskFileRow } from "../../read/read_files.ts";
import { Time } from "../parts/time.tsx";

export function Files({
  files,
  instanceId,
}: {
  readonly files: readonly TaskFileRow[];
  readonly instanceId: number;
}): VNode {
  return (
    <section id="files" data-live aria-label="Files">
      {files.length > 0 && (
        <table class="list">
          <thead>
            <tr>
              <th>File</th>
              <th>Type</th>
              <th>Bytes</th>
              <th>Stored</th>
            </tr>
          </thead>
          <tbody>
            {files.map(({ object, name, contentType, bytes, createdAt }) => (
              <tr>
                <th scope="row">
                  <a href={`/files/${instanceId}/${object}/download`}>{name}</a>
                </th>
                <td class="faint">{contentType}</td>
                <td>{bytes}</td>
                <td>
                  <Time at={createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
