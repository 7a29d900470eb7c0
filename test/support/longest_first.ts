/**
 * The order of test files. A long file that starts among the last keeps one worker busy
 * while the others have nothing left. Vitest starts large files first; files that are
 * small and take long start before them.
 */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Small files that take 40 s or more. */
const LONG = /\/test\/(?:chaos\/chaos|runtime\/store\/hot_plans|runtime\/web\/axe)\.test\.ts$/;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
