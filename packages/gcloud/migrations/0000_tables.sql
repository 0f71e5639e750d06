CREATE TABLE "supervisor"."gcloud_accounts" (
	"name" text PRIMARY KEY NOT NULL,
	"gcp_project" text NOT NULL,
	"key_path" text,
	"compute_url" text,
	"monitoring_url" text,
	"families" text[] NOT NULL,
	"zones" text[] NOT NULL,
	"max_vms" integer NOT NULL,
	"max_cost_per_hour" double precision NOT NULL,
	"max_run_seconds" integer NOT NULL,
	"prices" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"last_error" text,
	"sampled_at" timestamp with time zone,
	CONSTRAINT "gcloud_accounts_limits" CHECK ("supervisor"."gcloud_accounts"."max_vms" >= 0 and "supervisor"."gcloud_accounts"."max_cost_per_hour" >= 0 and "supervisor"."gcloud_accounts"."max_run_seconds" > 0)
);
--> statement-breakpoint
CREATE TABLE "supervisor"."gcloud_health_metrics" (
	"vm" uuid NOT NULL,
	"metric" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "gcloud_health_metrics_vm_metric_at_pk" PRIMARY KEY("vm","metric","at")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."gcloud_operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"vm" uuid NOT NULL,
	"kind" text NOT NULL,
	"step" text NOT NULL,
	"request_id" uuid NOT NULL,
	"operation" text,
	"wanted" jsonb,
	"status" text NOT NULL,
	"progress" integer DEFAULT 0 NOT NULL,
	"error_code" text,
	"error" text,
	"history" text[] NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"lease_until" timestamp with time zone,
	"fence" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "gcloud_operations_status" CHECK ("supervisor"."gcloud_operations"."status" in ('running', 'done', 'failed')),
	CONSTRAINT "gcloud_operations_end" CHECK (("supervisor"."gcloud_operations"."ended_at" is not null) = ("supervisor"."gcloud_operations"."status" <> 'running'))
);
--> statement-breakpoint
CREATE TABLE "supervisor"."gcloud_vms" (
	"id" uuid PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"account" text NOT NULL,
	"zone" text NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"machine_type" text NOT NULL,
	"image" text NOT NULL,
	"disk_gb" integer NOT NULL,
	"public_ip" boolean NOT NULL,
	"ephemeral" boolean NOT NULL,
	"max_run_seconds" integer NOT NULL,
	"labels" jsonb NOT NULL,
	"desired" text,
	"cost_per_hour" double precision NOT NULL,
	"instance_id" text,
	"status" text,
	"observed" jsonb,
	"synced_at" timestamp with time zone,
	"last_error" text,
	"confirmation" text,
	"confirmed_state" text,
	"confirmation_expires_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "gcloud_vms_state" CHECK ("supervisor"."gcloud_vms"."state" in ('creating', 'present', 'deleting', 'deleted', 'failed', 'gone')),
	CONSTRAINT "gcloud_vms_end" CHECK (("supervisor"."gcloud_vms"."ended_at" is not null) = ("supervisor"."gcloud_vms"."state" in ('deleted', 'failed', 'gone')))
);
--> statement-breakpoint
ALTER TABLE "supervisor"."gcloud_health_metrics" ADD CONSTRAINT "gcloud_health_metrics_vm_gcloud_vms_id_fk" FOREIGN KEY ("vm") REFERENCES "supervisor"."gcloud_vms"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "supervisor"."gcloud_operations" ADD CONSTRAINT "gcloud_operations_vm_gcloud_vms_id_fk" FOREIGN KEY ("vm") REFERENCES "supervisor"."gcloud_vms"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "gcloud_health_metrics_at" ON "supervisor"."gcloud_health_metrics" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "gcloud_operations_open" ON "supervisor"."gcloud_operations" USING btree ("vm") WHERE "supervisor"."gcloud_operations"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "gcloud_operations_vm" ON "supervisor"."gcloud_operations" USING btree ("vm","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "gcloud_vms_name" ON "supervisor"."gcloud_vms" USING btree ("account","name") WHERE "supervisor"."gcloud_vms"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "gcloud_vms_project" ON "supervisor"."gcloud_vms" USING btree ("project","name");