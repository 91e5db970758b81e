"""What a schema of PostgreSQL consists of: each table, index, constraint, trigger and function, with what it is.

Two schemas are alike when their descriptions are; the name of the schema does not count. The catalogue is read as it
is, not as the statements that would make it again: those do not tell that a trigger is switched off.
"""

from typing import Any

import psycopg
from psycopg.rows import tuple_row
from psycopg.sql import Identifier

TEMPORARY = "pg_temp"
"""The schema of a session's temporary tables: whoever may read a book may mostly make these, but no schema."""

# NOT NULL is told with its column: it is a constraint as well only from PostgreSQL 18 on. A table made temporary
# differs from a book's in its persistence, so it is only asked whether one is unlogged. What no book has is told by its
# name. A function names its own schema, which stands in braces here, as in no function that works.
_PARTS = """
WITH here AS (
    SELECT CASE WHEN %(schema)s::text = 'pg_temp' THEN pg_my_temp_schema()
        ELSE (SELECT oid FROM pg_namespace WHERE nspname = %(schema)s::text) END AS schema
)
SELECT CASE relkind WHEN 'r' THEN 'table ' WHEN 'v' THEN 'view ' WHEN 'S' THEN 'sequence ' ELSE 'relation ' END
        || relname,
    jsonb_build_array(
        relkind, relpersistence = 'u', relrowsecurity, relforcerowsecurity,
        EXISTS (SELECT FROM pg_inherits WHERE oid IN (inhparent, inhrelid)),
        (SELECT jsonb_agg(jsonb_build_array(attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
                attgenerated, attcollation, pg_get_expr(adbin, adrelid)) ORDER BY attnum)
            FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped))::text
    FROM pg_class, here WHERE relnamespace = schema AND relkind NOT IN ('c', 'i', 'I', 't')
UNION ALL SELECT 'index ' || i.relname,
    jsonb_build_array(t.relname, indisunique, indisvalid, indislive, indimmediate, indclass::text,
        pg_get_expr(indpred, indrelid),
        (SELECT jsonb_agg(pg_get_indexdef(indexrelid, n, false) ORDER BY n) FROM generate_series(1, indnatts) n))::text
    FROM here, pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = schema
UNION ALL SELECT 'constraint ' || conname || coalesce(' of ' || relname, ''), pg_get_constraintdef(pg_constraint.oid)
    FROM here, pg_constraint LEFT JOIN pg_class ON pg_class.oid = conrelid
    WHERE connamespace = schema AND contype <> 'n'
UNION ALL SELECT 'trigger ' || tgname || ' of ' || relname,
    jsonb_build_array(tgtype, tgenabled, tgdeferrable, tginitdeferred, tgattr::text, encode(tgargs, 'hex'),
        pg_get_expr(tgqual, tgrelid), tgoldtable, tgnewtable, proname, pronamespace = schema)::text
    FROM here, pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE relnamespace = schema AND NOT tgisinternal
UNION ALL SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
    jsonb_build_array(prokind, lanname, prosecdef, proisstrict, provolatile, proretset, proconfig::text,
        format_type(prorettype, NULL), replace(prosrc, %(quoted)s, '{schema}'))::text
    FROM here, pg_proc JOIN pg_language ON pg_language.oid = prolang WHERE pronamespace = schema
UNION ALL SELECT 'rule ' || rulename || ' of ' || relname, ''
    FROM here, pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relnamespace = schema AND relkind = 'r'
UNION ALL SELECT 'policy ' || polname || ' of ' || relname, ''
    FROM here, pg_policy JOIN pg_class ON pg_class.oid = polrelid WHERE relnamespace = schema
"""


def parts(connection: psycopg.Connection[Any], schema: str) -> dict[str, str]:
    """Return what each part of a schema is, by kind and name; of the session's temporary tables, for `TEMPORARY`."""
    asked = {"schema": schema, "quoted": Identifier(schema).as_string()}
    return dict(connection.cursor(row_factory=tuple_row).execute(_PARTS, asked).fetchall())
