CREATE TABLE "supervisor"."encryption_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"claimed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."secret_versions" (
	"secret_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"key_id" text NOT NULL,
	"envelope" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "secret_versions_secret_id_version_pk" PRIMARY KEY("secret_id","version")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."secrets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"path" text collate "C" NOT NULL,
	"project" text NOT NULL,
	"description" text,
	"type" text,
	"provider" text,
	"exposure" text DEFAULT 'reveal' NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "secrets_path_unique" UNIQUE("path")
);
--> statement-breakpoint
ALTER TABLE "supervisor"."secret_versions" ADD CONSTRAINT "secret_versions_secret_id_secrets_id_fk" FOREIGN KEY ("secret_id") REFERENCES "supervisor"."secrets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "secret_versions_key" ON "supervisor"."secret_versions" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "secrets_project" ON "supervisor"."secrets" USING btree ("project");