-- Tokens (RFC 3161) of time authorities over our signed checkpoints: the second clock of
-- the entries under them. The first token over a size stays.
create table checkpoint_time (
  log_id integer not null,
  size integer not null check (size > 0),
  authority text not null,
  attested_at text not null,
  received_at text not null,
  token blob not null check (length(token) between 1 and 65536),
  primary key (log_id, size, authority)
) strict;
