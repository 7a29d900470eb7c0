/**
 * The same object, apart from one method. graphile-worker takes a pool of pg, so what
 * differs must look like one.
 */
export function replaceMethod<Target extends object>(
  object: Target,
  method: keyof Target,
  by: unknown,
): Target {
  return new Proxy(object, {
    get: (target, key) => {
      if (key === method) return by;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
