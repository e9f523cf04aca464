/** Names a tenant on loopback, where all ledgers of a server share one host. */
export const tenantHeader = "countermand-tenant";
