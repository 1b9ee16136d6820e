//! Reads who owns what ledgers rest on, and who may become whom.

use crate::{
    ledger::Powers,
    postgres::{
        guard::{Guard, asked::pinned},
        lock::Facts,
        session::{Failure, Message, Session},
    },
};

/// Options of a membership, from PostgreSQL 16 on, and before.
const OPTIONS: [&str; 2] =
    ["'inherit', m.inherit_option, 'set', m.set_option", "'inherit', r.rolinherit, 'set', true"];

/// Settings of the server that others than superusers may change, from PostgreSQL 15 on.
const PARAMETERS: &str = "UNION ALL
    SELECT 'grant', '', jsonb_build_object('part', 'parameter', 'type', 'parameter', 'identity', p.parname, 'owner', '', 'attribute', NULL,
        'privilege', x.privilege_type, 'lends', x.is_grantable,
        'grantee', CASE x.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END)
    FROM pg_catalog.pg_parameter_acl p
    CROSS JOIN LATERAL aclexplode(p.paracl) x";

impl Guard {
    /// Reads who may do what with the ledgers, and become whom.
    ///
    /// # Errors
    /// What the server refused, or the loss of the connection.
    pub(crate) async fn powers(
        &self,
        session: &mut Session<'_>,
        facts: &Facts,
    ) -> Result<Powers, Failure> {
        let [of_16, before] = OPTIONS;
        let options = if facts.server_version >= 160_000 { of_16 } else { before };
        let parameters = if facts.server_version >= 150_000 { PARAMETERS } else { "" };
        let sql = include_str!("roads.sql")
            .replace("{options}", options)
            .replace("{parameters}", parameters);
        let values = vec![Some(self.names()), Some(facts.place.schema.clone())];
        let rows = pinned(session, &Message::Query(&sql, values)).await?;
        Ok(Powers::read(rows))
    }
}
