/**
 * CloudFormation's names as the Terraform provider has them, where the two differ by
 * more than their case. Rows are written once, for the provider's names.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
 */
const types: Readonly<Record<string, string>> = {
  "AWS::S3::Bucket": "aws_s3_bucket",
  "AWS::S3::BucketPolicy": "aws_s3_bucket_policy",
  "AWS::RDS::DBInstance": "aws_db_instance",
  "AWS::RDS::DBCluster": "aws_rds_cluster",
  "AWS::EC2::SecurityGroup": "aws_security_group",
  "AWS::EC2::SecurityGroupIngress": "aws_vpc_security_group_ingress_rule",
  "AWS::EC2::SecurityGroupEgress": "aws_vpc_security_group_egress_rule",
  "AWS::EC2::FlowLog": "aws_flow_log",
  "AWS::EC2::Volume": "aws_ebs_volume",
  "AWS::CloudTrail::Trail": "aws_cloudtrail",
  "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
  "AWS::Logs::MetricFilter": "aws_cloudwatch_log_metric_filter",
  "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
  "AWS::IAM::Role": "aws_iam_role",
  "AWS::IAM::Policy": "aws_iam_policy",
  "AWS::IAM::ManagedPolicy": "aws_iam_policy",
  "AWS::SQS::Queue": "aws_sqs_queue",
  "AWS::SNS::Topic": "aws_sns_topic",
  "AWS::EFS::FileSystem": "aws_efs_file_system",
  "AWS::DynamoDB::Table": "aws_dynamodb_table",
  "AWS::ElasticLoadBalancingV2::LoadBalancer": "aws_lb",
  "AWS::WAFv2::WebACL": "aws_wafv2_web_acl",
  "AWS::WAFv2::WebACLAssociation": "aws_wafv2_web_acl_association",
  "AWS::KMS::Key": "aws_kms_key",
};

/** Attributes by their snake case, where the provider calls them otherwise. */
const attributes: Readonly<Record<string, string>> = {
  assume_role_policy_document: "assume_role_policy",
  policy_document: "policy",
  security_group_ingress: "ingress",
  security_group_egress: "egress",
  cidr_ip: "cidr_ipv4",
  public_access_block_configuration: "public_access_block",
};

export function awsType(name: string): string {
  return (
    types[name] ??
    `aws_${name
      .split("::")
      .slice(1)
      .map((part) => snakeCase(part))
      .join("_")}`
  );
}

export function snakeCase(name: string): string {
  const snake = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
  return attributes[snake] ?? snake;
}
