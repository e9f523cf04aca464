-- Tokens (RFC 3161) of time authorities over our signed checkpoints: the second clock of
-- the entries under them. The first token over a size stays.
create table checkpoint_time (
  log_id bigint not null,
  size bigint not null check (size > 0),
  authority text collate "C" not null,
  attested_at text collate "C" not null,
  received_at text collate "C" not null,
  token bytea not null check (octet_length(token) between 1 and 65536),
  primary key (log_id, size, authority)
);
