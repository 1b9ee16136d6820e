//! What this repository's own tests and benchmarks use of the rooms, under the names of the rooms. No part of the interface.

#![allow(missing_docs, reason = "documented where they are")]

pub mod catalog {
    pub use crate::catalog::{Catalog, Coverage, Key, ObjectKind};
}

pub mod cluster {
    pub use crate::cluster::{
        Binaries, Local, Places, Scratch, ScratchOptions, Search, all, fetch, find, install,
    };
}

pub mod compat {
    pub use crate::compat::Program;

    pub mod program {
        pub use crate::compat::program::{Column, Name, Table, Type};
    }

    pub mod used {
        pub use crate::compat::used::{Columns, used};
    }
}

pub mod connect {
    pub use crate::connect::{ConnectOptions, Environment, Patience, complete, connect};
}

pub mod ddl {
    pub use crate::ddl::{Boundary, Fill, LockMode, Statement, Work};
}

pub mod introspect {
    pub use crate::introspect::{Reader, declared, read};
}

pub mod job {
    pub mod open {
        pub use crate::job::open::Endpoint;
    }
}

pub mod ledger {
    pub use crate::ledger::LedgerRule;
}

pub mod lint {
    pub use crate::lint::{hazards, rules};

    pub mod rule {
        pub use crate::lint::rule::{Rule, Way};
    }
}

pub mod migration {
    pub mod environment {
        pub use crate::migration::environment::Locale;
    }
}

pub mod planner {
    pub use crate::planner::{Target, comparable, plan, settled};

    pub mod filling {
        pub use crate::planner::filling::sent;
    }

    pub mod segment {
        pub use crate::planner::segment::segments;
    }
}

pub mod postgres {
    pub mod session {
        pub use crate::postgres::session::{Session, Stop};
    }
}

pub mod words {
    pub mod ident {
        pub use crate::words::ident::Literal;
    }

    pub mod sql {
        pub use crate::words::sql::split;
    }

    pub mod url {
        pub use crate::words::url::{HostName, Secrets, Spelling, Url};
    }
}
