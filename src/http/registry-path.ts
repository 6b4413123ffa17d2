/** Whether it is of the API of container registries, which have no other path (OCI Distribution Specification 1.1, 2.4). */
export const isRegistryPath = (path: string | undefined): boolean =>
  path !== undefined && (path === '/v2' || path.startsWith('/v2/'))
