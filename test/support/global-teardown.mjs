export default async function globalTeardown() {
  const { server, template } = globalThis.__TCC_POSTGRES__ ?? {};
  await template?.drop();
  await server?.stop();
}
