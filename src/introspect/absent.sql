-- Which kinds of objects are absent: of these nothing has to be asked. What users make has an oid from 16384 on.
-- The names are those of the kinds; `Relation`, `Column` and others that every database has are not asked about here.
WITH type (kind, is_part) AS MATERIALIZED (
    SELECT DISTINCT t.typtype, t.typisdefined AND t.typelem <> 0 AND t.typcategory = 'A'
    FROM pg_catalog.pg_type t
    WHERE t.oid >= 16384
),
relation (kind) AS MATERIALIZED (
    SELECT DISTINCT c.relkind FROM pg_catalog.pg_class c WHERE c.oid >= 16384
)
SELECT COALESCE(pg_catalog.array_agg(k.name), '{}')::text[] AS "row"
FROM (
    VALUES
        ('BaseType', EXISTS (SELECT FROM type WHERE kind IN ('b', 'p') AND NOT is_part)),
        ('Domain', EXISTS (SELECT FROM type WHERE kind = 'd')),
        ('DomainConstraint', EXISTS (SELECT FROM type WHERE kind = 'd')),
        ('Enum', EXISTS (SELECT FROM type WHERE kind = 'e')),
        ('Range', EXISTS (SELECT FROM type WHERE kind = 'r')),
        ('Composite', EXISTS (SELECT FROM relation WHERE kind = 'c')),
        ('CompositeAttribute', EXISTS (SELECT FROM relation WHERE kind = 'c')),
        ('Sequence', EXISTS (SELECT FROM relation WHERE kind = 'S')),
        ('Inheritance', EXISTS (SELECT FROM pg_catalog.pg_inherits)),
        ('Routine', EXISTS (SELECT FROM pg_catalog.pg_proc WHERE oid >= 16384)),
        ('Trigger', EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE oid >= 16384)),
        ('Rule', EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE oid >= 16384)),
        ('Policy', EXISTS (SELECT FROM pg_catalog.pg_policy)),
        ('Statistics', EXISTS (SELECT FROM pg_catalog.pg_statistic_ext)),
        ('EventTrigger', EXISTS (SELECT FROM pg_catalog.pg_event_trigger)),
        ('Extension', EXISTS (SELECT FROM pg_catalog.pg_extension WHERE oid >= 16384)),
        ('Collation', EXISTS (SELECT FROM pg_catalog.pg_collation WHERE oid >= 16384)),
        ('Conversion', EXISTS (SELECT FROM pg_catalog.pg_conversion WHERE oid >= 16384)),
        ('Operator', EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oid >= 16384)),
        ('OperatorClass', EXISTS (SELECT FROM pg_catalog.pg_opclass WHERE oid >= 16384)),
        ('OperatorFamily', EXISTS (SELECT FROM pg_catalog.pg_opfamily WHERE oid >= 16384)),
        ('Cast', EXISTS (SELECT FROM pg_catalog.pg_cast WHERE oid >= 16384)),
        ('Transform', EXISTS (SELECT FROM pg_catalog.pg_transform WHERE oid >= 16384)),
        ('Language', EXISTS (SELECT FROM pg_catalog.pg_language WHERE oid >= 16384)),
        ('AccessMethod', EXISTS (SELECT FROM pg_catalog.pg_am WHERE oid >= 16384)),
        ('TextSearchParser', EXISTS (SELECT FROM pg_catalog.pg_ts_parser WHERE oid >= 16384)),
        ('TextSearchDictionary', EXISTS (SELECT FROM pg_catalog.pg_ts_dict WHERE oid >= 16384)),
        ('TextSearchTemplate', EXISTS (SELECT FROM pg_catalog.pg_ts_template WHERE oid >= 16384)),
        ('TextSearchConfiguration', EXISTS (SELECT FROM pg_catalog.pg_ts_config WHERE oid >= 16384)),
        ('Publication', EXISTS (SELECT FROM pg_catalog.pg_publication)),
        ('PublicationTable', EXISTS (SELECT FROM pg_catalog.pg_publication)),
        ('PublicationSchema', EXISTS (SELECT FROM pg_catalog.pg_publication)),
        ('Subscription', EXISTS (SELECT subname FROM pg_catalog.pg_subscription)),
        ('ForeignDataWrapper', EXISTS (SELECT FROM pg_catalog.pg_foreign_data_wrapper WHERE oid >= 16384)),
        ('ForeignServer', EXISTS (SELECT FROM pg_catalog.pg_foreign_server)),
        ('UserMapping', EXISTS (SELECT FROM pg_catalog.pg_foreign_server)),
        ('DefaultPrivilege', EXISTS (SELECT FROM pg_catalog.pg_default_acl))
) k (name, is_present)
WHERE NOT k.is_present
