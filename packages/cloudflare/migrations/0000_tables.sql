CREATE TABLE "supervisor"."cloudflare_accounts" (
	"name" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"token_path" text NOT NULL,
	"base_url" text NOT NULL,
	"access_team" text,
	"access_audience" text[] DEFAULT '{}' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "supervisor"."cloudflare_buckets" (
	"id" text PRIMARY KEY NOT NULL,
	"tokens" double precision NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"blocked_until" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "supervisor"."cloudflare_dns_records" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"project" text NOT NULL,
	"zone_id" text NOT NULL,
	"zone" text NOT NULL,
	"record_id" text,
	"name" text NOT NULL,
	"type" text NOT NULL,
	"slot" text NOT NULL,
	"content" text NOT NULL,
	"ttl" integer NOT NULL,
	"proxied" boolean NOT NULL,
	"priority" integer,
	"note" text DEFAULT '' NOT NULL,
	"state" text NOT NULL,
	"observed" jsonb,
	"exposure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_sync_at" timestamp with time zone,
	"last_error" text,
	CONSTRAINT "cloudflare_dns_records_slot" UNIQUE("zone_id","slot")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."cloudflare_exposures" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"project" text NOT NULL,
	"instance" text DEFAULT '' NOT NULL,
	"service" text NOT NULL,
	"port" integer NOT NULL,
	"hostname" text NOT NULL,
	"access" text NOT NULL,
	"state" text NOT NULL,
	"step" text,
	"exposed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_sync_at" timestamp with time zone,
	"last_error" text,
	"lease_until" timestamp with time zone,
	"fence" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "cloudflare_exposures_hostname_unique" UNIQUE("hostname")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."cloudflare_tunnel_routes" (
	"id" text PRIMARY KEY NOT NULL,
	"tunnel" text NOT NULL,
	"project" text NOT NULL,
	"hostname" text NOT NULL,
	"path" text DEFAULT '' NOT NULL,
	"rule" jsonb NOT NULL,
	"state" text NOT NULL,
	"observed" jsonb,
	"exposure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_sync_at" timestamp with time zone,
	"last_error" text,
	CONSTRAINT "cloudflare_tunnel_routes_place" UNIQUE("tunnel","hostname","path")
);
--> statement-breakpoint
CREATE TABLE "supervisor"."cloudflare_tunnels" (
	"id" text PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"name" text NOT NULL,
	"tunnel_id" text,
	"standard" boolean DEFAULT false NOT NULL,
	"shared" boolean DEFAULT false NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_sync_at" timestamp with time zone,
	"last_error" text,
	"lease_until" timestamp with time zone,
	"fence" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "cloudflare_tunnels_name" UNIQUE("account","name")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "cloudflare_tunnels_standard" ON "supervisor"."cloudflare_tunnels" USING btree ("account") WHERE "supervisor"."cloudflare_tunnels"."standard";