import { describe, expect, it } from "vitest";
import { cloudRules } from "../rules/areas/cloud.ts";
import type { ChangedFile } from "../rules/rule.ts";
import { changed, ruleInput } from "../testing/rule-input.ts";
import { covers } from "./cloud-iam.ts";
import { holds } from "./cloud-network.ts";

/** What is worse or better, gravest word first, one text a finding. */
function findings(files: readonly ChangedFile[], paths: readonly string[] = []): string[] {
  const input = ruleInput({ files, paths: { before: [], after: [...paths] } });
  return cloudRules.flatMap((rule) =>
    rule.run(input).map((one) => `${one.direction} ${one.severity} ${one.implication}`),
  );
}

function of(before: string | null, after: string | null, path = "infra/main.tf") {
  return findings([changed(path, before, after)]);
}

const block = (type: string, body: string, name = "x") =>
  `resource "${type}" "${name}" {\n${body}\n}\n`;

describe("settings", () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ["aws_db_instance", "storage_encrypted = true", "", "high crypto.encryption-removed"],
    ["aws_sqs_queue", "kms_master_key_id = var.key", "", "medium crypto.encryption-removed"],
    ["aws_db_instance", "", "publicly_accessible = true", "critical exposure.storage-public"],
    ["aws_s3_bucket", 'acl = "private"', 'acl = "public-read"', "critical exposure.storage-public"],
    ["aws_db_instance", "deletion_protection = true", "", "medium data.protection-removed"],
    [
      "aws_db_instance",
      "backup_retention_period = 30",
      "backup_retention_period = 1",
      "medium data.protection-removed",
    ],
    ["aws_cloudwatch_log_group", "", "retention_in_days = 7", "low audit.logging-removed"],
    ["aws_lb", "internal = true", "internal = false", "high exposure.network-opened"],
    ["github_branch_protection", "enforce_admins = true", "", "high gate.repo-protection-weakened"],
    [
      "cloudflare_rate_limit",
      "threshold = 10",
      "threshold = 100",
      "medium exposure.ratelimit-waf-removed",
    ],
  ];
  it.each(rows)("%s: %s to %s", (type, strong, weak, expected) => {
    expect(of(block(type, strong), block(type, weak))).toEqual([`worse ${expected}`]);
    const [, implication] = expected.split(" ");
    expect(of(block(type, weak), block(type, strong))).toEqual([`better info ${implication}`]);
  });

  it("says nothing of defaults that are written out, of unknown values, or of white space", () => {
    expect(of(block("aws_lb", "internal = false"), block("aws_lb", ""))).toEqual([]);
    expect(
      of(block("aws_lb", "internal = true"), block("aws_lb", "internal = var.internal")),
    ).toEqual([]);
    const text = block("aws_db_instance", "storage_encrypted = true");
    expect(of(text, text.replaceAll("\n", "\r\n").replaceAll(" ", "  "))).toEqual([]);
  });

  it("puts in what the folder declares, changed or not", () => {
    const local = (value: boolean) =>
      `locals {\n inside = ${value}\n}\n${block("aws_lb", "internal = local.inside")}`;
    expect(of(local(true), local(false))).toEqual(["worse high exposure.network-opened"]);
  });

  it("follows a resource to another file, folder and name", () => {
    const text = block("aws_db_instance", "storage_encrypted = true");
    expect(findings([changed("a/main.tf", text, null), changed("a/db.tf", null, text)])).toEqual(
      [],
    );
    expect(findings([changed("a/main.tf", text, null), changed("b/db.tf", null, text)])).toEqual(
      [],
    );
    const renamed = block("aws_db_instance", "storage_encrypted = false", "y");
    const moved = `moved {\n from = aws_db_instance.x\n to = aws_db_instance.y\n}\n`;
    // Two of the type, so that only the block can tell which is which.
    const second = block("aws_db_instance", 'engine = "a"', "z");
    expect(
      of(text + second, moved + renamed + second.replace('"z"', '"w"').replace('"a"', '"b"')),
    ).toEqual(["worse high crypto.encryption-removed"]);
    const other = block("aws_db_instance", 'engine = "b"', "w");
    expect(of(text + second, renamed + other)).toEqual([]);
  });
});

describe("controls", () => {
  const flow = block("aws_flow_log", "vpc_id = aws_vpc.main.id");
  const vpc = block("aws_vpc", "", "main");

  it("are lost while what they protect stays, and not when it goes as well", () => {
    expect(of(vpc + flow, vpc)).toEqual(["worse medium audit.logging-removed"]);
    expect(of(vpc, vpc + flow)).toEqual(["better info audit.logging-removed"]);
    expect(of(vpc + flow, "# nothing\n")).toEqual([]);
  });

  it("are not lost when another takes their place or the folder is left", () => {
    expect(
      of(
        vpc + flow,
        vpc + block("aws_flow_log", 'vpc_id = aws_vpc.main.id\ntraffic_type = "ALL"', "y"),
      ),
    ).toEqual([]);
    expect(findings([changed("a/flow.tf", flow, null)], ["b/main.tf"])).toEqual([]);
    expect(findings([changed("a/flow.tf", flow, null)], ["a/main.tf"])).toHaveLength(1);
  });

  it("are not lost in a file that cannot be read", () => {
    expect(of(vpc + flow, "}}}} ((\n")).toEqual([]);
  });
});

describe("policies", () => {
  const document = (body: string) =>
    `data "aws_iam_policy_document" "d" {\n statement {\n${body}\n }\n}\n`;
  const read = 'actions = ["s3:GetObject"]\nresources = ["arn:aws:s3:::b/p/*"]';
  const wider: readonly (readonly [string, string])[] = [
    [read, read.replace("s3:GetObject", "s3:*")],
    [read, read.replace("b/p/*", "b/*")],
    [
      `${read}\ncondition {\n test = "Bool"\n variable = "aws:SecureTransport"\n values = ["true"]\n}`,
      read,
    ],
    [
      `${read}\nprincipals {\n type = "AWS"\n identifiers = ["arn:aws:iam::1:role/a"]\n}`,
      `${read}\nprincipals {\n type = "AWS"\n identifiers = ["*"]\n}`,
    ],
  ];
  it.each(wider)("sees what is wider: %#", (from, to) => {
    expect(of(document(from), document(to))).toEqual([
      expect.stringMatching(/^worse (?:high|medium) authz\.iam-widened$/),
    ]);
    expect(of(document(to), document(from))).toEqual(["better info authz.iam-widened"]);
  });

  it("reads JSON texts with interpolations, and trust policies", () => {
    const trust = (sub: string) =>
      block(
        "aws_iam_role",
        `assume_role_policy = <<EOF\n{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "\${aws_iam_openid_connect_provider.p["a"].arn}"}, "Condition": {"StringLike": {"token:sub": "${sub}"}}}]}\nEOF`,
      );
    expect(of(trust("repo:o/r:ref:refs/heads/main"), trust("repo:o/r:*"))).toEqual([
      "worse high authz.iam-widened",
    ]);
    expect(of(trust("repo:o/r:*"), trust("repo:o/r:ref:refs/heads/main"))).toEqual([
      "better info authz.iam-widened",
    ]);
  });

  it("says nothing of the same in another order or of one unknown for another", () => {
    const two = (a: string, b: string) =>
      document(`actions = ["${a}", "${b}"]\nresources = [aws_s3_bucket.a.arn]`);
    expect(of(two("s3:Get", "s3:List"), two("s3:List", "s3:Get"))).toEqual([]);
    expect(of(two("a:B", "a:C"), two("a:B", "a:C").replace("bucket.a", "bucket.b"))).toEqual([]);
  });

  it("reads policy files", () => {
    const json = (action: string) =>
      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"${action}","Resource":"*"}]}`;
    expect(of(json("s3:Get*"), json("*"), "iam/deploy-policy.json")).toEqual([
      "worse high authz.iam-widened",
    ]);
  });

  it("subsumes with wildcards in linear time", () => {
    expect([
      covers("s3:Get*", "s3:GetObject"),
      covers("s3:GetObject", "s3:Get*"),
      covers("a?c", "abc"),
    ]).toEqual([true, false, true]);
    expect(covers("*a".repeat(2000), "a".repeat(4000))).toBe(true);
  });
});

describe("networks", () => {
  const rule = (cidr: string, port: number) =>
    block(
      "aws_security_group",
      `ingress {\n protocol = "tcp"\n from_port = ${port}\n to_port = ${port}\n cidr_blocks = ["${cidr}"]\n}`,
    );

  it("weighs what is opened, and contains ranges", () => {
    expect(of(rule("10.0.0.0/8", 22), rule("0.0.0.0/0", 22))[0]).toBe(
      "worse high exposure.network-opened",
    );
    expect(of(rule("0.0.0.0/0", 22), rule("10.1.0.0/16", 22))).toEqual([
      "better info exposure.network-opened",
    ]);
    expect(of(rule("10.0.0.0/8", 443), rule("10.0.0.0/8", 444))[0]).toBe(
      "worse low exposure.network-opened",
    );
    expect([
      holds("10.0.0.0/8", "10.2.0.0/16"),
      holds("10.2.0.0/16", "10.0.0.0/8"),
      holds("::/0", "2001:db8::/32"),
      holds("0.0.0.0/0", "::/0"),
    ]).toEqual([true, false, true, false]);
  });

  it("tells a rule that is gone as better, whatever its variable holds", () => {
    const text = `variable "ips" {\n default = []\n}\n`;
    const ssh = block(
      "aws_security_group_rule",
      'type = "ingress"\nfrom_port = 22\nto_port = 22\nprotocol = "tcp"\ncidr_blocks = "${var.ips}"\nsecurity_group_id = "${aws_security_group.a.id}"',
    );
    expect(of(text + ssh, text)).toEqual(["better info exposure.network-opened"]);
  });
});

describe("firewalls, edges, scripts, alerts", () => {
  const rate =
    'rule {\n name = "rate"\n action {\n  block {}\n }\n statement {\n  rate_based_statement {\n   limit = 100\n  }\n }\n}';

  it("sees a rule that is gone, only counts, or lets more through", () => {
    const acl = (body: string) => block("aws_wafv2_web_acl", body);
    const worse = ["worse medium exposure.ratelimit-waf-removed"];
    expect(of(acl(rate), acl(""))).toEqual(worse);
    expect(of(acl(rate), acl(rate.replace("block", "count")))).toEqual(worse);
    expect(of(acl(rate), acl(rate.replace("100", "1000")))).toEqual(worse);
    expect(of(acl(""), acl(rate))).toEqual(["better info exposure.ratelimit-waf-removed"]);
    expect(of(acl(rate), "# retired\n")).toEqual([]);
  });

  it("reads VCL by declarations", () => {
    const vcl = "sub vcl_recv {\n  if (client.ip ~ blocked) { error 403; }\n}\n";
    expect(of(vcl, "sub vcl_recv {\n}\n", "edge/main.vcl")).toEqual([
      "worse medium exposure.ratelimit-waf-removed",
      "worse medium exposure.ratelimit-waf-removed",
    ]);
    expect(of(vcl, vcl.replaceAll("  ", "\t"), "edge/main.vcl")).toEqual([]);
  });

  it("sees an argument that its command lost, not a command that is gone", () => {
    const init = 'terraform init \\\n  -backend-config="kms_key_id=$KEY"\n';
    expect(of(init, "terraform init\n", "init.sh")).toEqual([
      "worse medium crypto.encryption-removed",
    ]);
    expect(of(init, "echo done\n", "init.sh")).toEqual([]);
  });

  it("sees alerts that are gone from the change, not those that moved", () => {
    const text = "groups:\n- name: g\n  rules:\n  - alert: UnauthorizedLogin\n    expr: x\n";
    const auth = text.replace("UnauthorizedLogin", "LoginFailures");
    expect(of(auth, "groups: []\n", "alerts/a.yaml")).toEqual([
      "worse medium audit.logging-removed",
    ]);
    expect(
      findings([changed("alerts/a.yaml", auth, null), changed("alerts/b.yaml", null, auth)]),
    ).toEqual([]);
  });

  it("sees who did it dropped from a model that stays, not renamed or dropped with it", () => {
    const model = (...names: string[]) =>
      `class Order(db.Model):\n    id = db.Column(Integer)\n${names.map((name) => `    ${name} = db.Column(UUID)\n`).join("")}`;
    const who = ["created_by_id", "cancelled_by_id"];
    expect(of(model(...who), model("created_by_id"), "app/models.py")).toEqual([
      "worse medium audit.logging-removed",
    ]);
    expect(of(model("created_by_id"), model(...who), "app/models.py")).toEqual([
      "better info audit.logging-removed",
    ]);
    expect(of(model(...who), model("created_by_id", "ended_by"), "app/models.py")).toEqual([]);
    expect(of(model(...who), "import db\n", "app/models.py")).toEqual([]);
  });

  it("sees secrets of a cluster written in the clear", () => {
    const config = (first: string) =>
      `kind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - ${first}: {}\n`;
    expect(of(config("aescbc"), config("identity"), "encryption-config.yaml")).toEqual([
      "worse high crypto.encryption-removed",
    ]);
  });
});

describe("grants and settings of repositories", () => {
  it("sees roles given to members", () => {
    const member = (role: string) =>
      block("google_project_iam_member", `role = "${role}"\nmember = "user:a@example.org"`);
    expect(of("# nothing\n", member("roles/owner"))).toEqual(["worse high authz.iam-widened"]);
    expect(of(member("roles/owner"), "# nothing\n")).toEqual(["better info authz.iam-widened"]);
  });

  it("reads settings files by their keys, in YAML and TOML", () => {
    const toml = (checks: string, approvals: number) =>
      `[[branch-protections]]\npattern = "main"\nci-checks = [${checks}]\nrequired-approvals = ${approvals}\n`;
    expect(of(toml('"a", "b"', 1), toml('"a"', 1), "repos/x.toml")).toEqual([
      "worse medium gate.repo-protection-weakened",
    ]);
    expect(of(toml('"a"', 2), toml('"a"', 0), "repos/x.toml")).toEqual([
      "worse high gate.repo-protection-weakened",
    ]);
    expect(of(toml('"a"', 0), toml('"a"', 2), "repos/x.toml")).toEqual([
      "better info gate.repo-protection-weakened",
    ]);
    const yaml = "branches:\n- name: main\n  protection:\n    enforce_admins: true\n    x: 1\n";
    expect(of(yaml, yaml.replace("true", "false"), ".github/settings.yml")).toEqual([
      "worse high gate.repo-protection-weakened",
    ]);
    expect(of(yaml, "branches: []\n", ".github/settings.yml")[0]).toBe(
      "worse high gate.repo-protection-weakened",
    );
  });

  it("sees a command to the forge that is gone", () => {
    const text = block(
      "null_resource",
      'provisioner "local-exec" {\n command = "gh api -X PATCH repos/a/b -f security_and_analysis=on"\n}',
    );
    expect(of(`${text}# x\n`, "# x\n")).toEqual(["worse medium gate.repo-protection-weakened"]);
  });
});
