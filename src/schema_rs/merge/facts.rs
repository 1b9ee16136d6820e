//! What PostgreSQL would tell of what is new.

use crate::{
    catalog::{Aspect, Attribute, Fact, Key, ObjectKind},
    schema_rs::{
        merge::{
            ApplyError, Merge, Place,
            add::relation_names,
            find,
            text::{PG_CATALOG, choose_name, format_type, json, qualified, quoted, quoted_list},
        },
        parse::{Column, Join, Table, TableName, Type},
        tables::PUBLIC,
    },
};

impl Merge<'_> {
    pub(super) fn new_table(&mut self, table: &Table) -> Result<(), ApplyError> {
        let name = &table.name;
        if table.is_view {
            return Err(ApplyError::NotATable { name: name.clone(), kind: "view".to_owned() });
        }
        let place = find::place(&self.catalog, name);
        if self.catalog.get(&place.key()).is_some() {
            return Err(ApplyError::NotPrinted { table: name.clone() });
        }
        let relation = Fact::of([
            (Attribute::Kind, Some("table".to_owned())),
            (Attribute::Owner, self.owner.clone()),
            (Attribute::Comment, self.told(table.comment.as_ref())),
        ]);
        self.insert(place.key(), relation);
        // public comes with PostgreSQL, which tells of no dependency on it
        if place.schema != PUBLIC {
            let schema = Key::new(ObjectKind::Schema, &[&place.schema]);
            if self.catalog.get(&schema).is_none() {
                let owner = Fact::of([(Attribute::Owner, self.owner.clone())]);
                self.insert(schema.clone(), owner);
            }
            self.depends(&place.key(), &schema, 'n');
        }
        for column in &table.columns {
            self.new_column(&place, name, column)?;
        }
        self.primary_key(&place, name, &table.primary_key, None)
    }

    /// Adds a column behind the others.
    pub(super) fn new_column(
        &mut self,
        place: &Place,
        table: &TableName,
        column: &Column,
    ) -> Result<(), ApplyError> {
        let Column { name, tpe, .. } = column;
        let key = place.part(ObjectKind::Column, name);
        let position = place.parts(&self.catalog, ObjectKind::Column).count() + 1;
        let found = find::find_type(&self.catalog, tpe, column.max_length);
        let found = found.ok_or_else(|| no_type(tpe, name, table))?;
        let mut attributes = found.attributes(&self.catalog);
        attributes.push((Attribute::Position, Some(position.to_string())));
        attributes.push((Attribute::Comment, self.told(column.comment.as_ref())));
        self.insert(key.clone(), Fact::of(attributes));
        if let Some(tpe) = &found.key {
            self.depends(&key, tpe, 'n');
        }
        if column.serial {
            self.sequence(place, name, tpe);
        }
        if !column.nullable {
            self.not_null(place, name);
        }
        Ok(())
    }

    /// Gives the children of a table a column that it has got, unless they have one.
    pub(super) fn inherit(&mut self, place: &Place, column: &str) {
        let key = place.part(ObjectKind::Column, column);
        let Some(fact) = self.catalog.get(&key).cloned() else {
            return;
        };
        let needs = self.catalog.dependencies.iter();
        let needs: Vec<(Key, char)> = needs
            .filter(|it| it.dependent == key)
            .map(|it| (it.referenced.clone(), it.bond))
            .collect();
        for child in self.families.below(&place.key()) {
            let child = Place::of(&child);
            let own = child.part(ObjectKind::Column, column);
            if self.catalog.get(&child.key()).is_none() || self.catalog.get(&own).is_some() {
                continue;
            }
            let position = child.parts(&self.catalog, ObjectKind::Column).count() + 1;
            let mut inherited = without(&without(&fact, Attribute::Comment), Attribute::NotNull);
            inherited.set(Attribute::Position, position.to_string());
            inherited.set(Attribute::Inherited, "true".to_owned());
            inherited.set(Attribute::InheritCount, "1".to_owned());
            self.insert(own.clone(), inherited);
            for (referenced, bond) in &needs {
                self.depends(&own, referenced, *bond);
            }
            if fact.is(Attribute::NotNull) {
                let name = self.not_null_name(place, column);
                self.set_not_null(&child, column, name.as_deref());
            }
        }
    }

    /// The sequence of a serial column.
    fn sequence(&mut self, place: &Place, column: &str, tpe: &Type) {
        let taken = relation_names(&self.catalog, &place.schema);
        let name = choose_name(&place.name, column, "seq", |it| taken.contains(&it));
        let sequence = Key::new(ObjectKind::Sequence, &[&place.schema, &name]);
        let owner = [place.schema.as_str(), place.name.as_str(), column];
        let fact = Fact::of([
            (Attribute::Type, Some(format_type(PG_CATALOG, &tpe.name, None))),
            (Attribute::Owner, self.owner.clone()),
            (Attribute::OwnedBy, Some(json(&owner, ", "))),
        ]);
        self.insert(sequence.clone(), fact);
        let full = qualified(&place.schema, &name).replace('\'', "''");
        let key = place.part(ObjectKind::Column, column);
        if let Some(fact) = self.catalog.get_mut(&key) {
            fact.set(Attribute::Default, format!("nextval('{full}'::regclass)"));
        }
        self.depends(&sequence, &key, 'a');
        self.depends(&key, &sequence, 'n');
        if place.schema != PUBLIC {
            let schema = Key::new(ObjectKind::Schema, &[&place.schema]);
            self.depends(&sequence, &schema, 'n');
        }
    }

    /// Keeps NULL out of a column, and out of that of the children.
    fn not_null(&mut self, place: &Place, column: &str) {
        self.set_not_null(place, column, None);
        let name = self.not_null_name(place, column);
        for child in self.families.below(&place.key()) {
            self.set_not_null(&Place::of(&child), column, name.as_deref());
        }
    }

    /// What keeps NULL out of a column.
    fn not_null_name(&self, place: &Place, column: &str) -> Option<String> {
        let mut constraints = place.parts(&self.catalog, ObjectKind::Constraint);
        let found = constraints.find(|(_, fact)| {
            fact.get(Attribute::Type) == Some("not null")
                && fact.list(Attribute::Columns) == [column]
        });
        found.map(|(key, _)| key.name().to_owned())
    }

    /// Keeps NULL out of one column; `inherited` is the name of the parent's constraint.
    fn set_not_null(&mut self, place: &Place, column: &str, inherited: Option<&str>) {
        let key = place.part(ObjectKind::Column, column);
        let Some(fact) = self.catalog.get_mut(&key) else {
            return;
        };
        if fact.is(Attribute::NotNull) {
            return;
        }
        fact.set(Attribute::NotNull, "true".to_owned());
        if self.has_not_null {
            let own = || self.constraint_name(place, column, "not_null");
            let name = inherited.map_or_else(own, str::to_owned);
            let constraint = place.part(ObjectKind::Constraint, &name);
            let is_inherited = inherited.is_some();
            let fact = Fact::of([
                (Attribute::Inherited, is_inherited.then(|| "true".to_owned())),
                (Attribute::InheritCount, is_inherited.then(|| "1".to_owned())),
                (Attribute::Type, Some("not null".to_owned())),
                (Attribute::Definition, Some(format!("NOT NULL {}", quoted(column)))),
                (Attribute::Columns, Some(json(&[column], ","))),
            ]);
            self.insert(constraint.clone(), fact);
            self.depends(&constraint, &key, 'a');
        }
    }

    /// Gives a table a key; none if there are no columns.
    pub(super) fn primary_key(
        &mut self,
        place: &Place,
        table: &TableName,
        columns: &[String],
        name: Option<String>,
    ) -> Result<(), ApplyError> {
        if columns.is_empty() {
            return Ok(());
        }
        let mut classes = Vec::new();
        for column in columns {
            self.not_null(place, column);
            let fact = find::column(&self.catalog, place, table, column)?;
            classes.extend(find::operator_class(&self.catalog, fact));
        }
        let name = name.unwrap_or_else(|| self.index_name(place, "pkey"));
        let list = quoted_list(columns);
        let constraint = place.part(ObjectKind::Constraint, &name);
        let fact = Fact::of([
            (Attribute::Type, Some("primary key".to_owned())),
            (Attribute::Definition, Some(format!("PRIMARY KEY ({list})"))),
            (Attribute::Columns, Some(json(columns, ","))),
            (Attribute::Index, Some(name.clone())),
        ]);
        self.insert(constraint.clone(), fact);
        for column in columns {
            self.depends(&constraint, &place.part(ObjectKind::Column, column), 'a');
        }
        let index = Key::new(ObjectKind::Index, &[&place.schema, &name]);
        let definition = format!(
            "CREATE UNIQUE INDEX {} ON {} USING btree ({list})",
            quoted(&name),
            place.text()
        );
        let written: Vec<String> = columns.iter().map(|it| quoted(it)).collect();
        let are_known = classes.len() == columns.len();
        let fact = Fact::of([
            (Attribute::Table, Some(place.name.clone())),
            (Attribute::Definition, Some(definition)),
            (Attribute::Method, Some("btree".to_owned())),
            (Attribute::Unique, Some("true".to_owned())),
            (Attribute::Primary, Some("true".to_owned())),
            (Attribute::Columns, Some(json(&written, ", "))),
            (Attribute::Opclasses, are_known.then(|| json(&classes, ", "))),
            (Attribute::OfConstraint, Some(name)),
        ]);
        self.insert(index.clone(), fact);
        self.depends(&index, &constraint, 'i');
        Ok(())
    }

    /// The foreign key of a `joinable!`, unless there is one.
    pub(super) fn new_join(&mut self, join: &Join) -> Result<(), ApplyError> {
        let child = find::table(&self.catalog, &join.child)?;
        let parent = find::table(&self.catalog, &join.parent)?;
        let column = &join.column;
        find::column(&self.catalog, &child, &join.child, column)?;
        let (key_name, referenced) = match find::primary_key(&self.catalog, &parent) {
            Some((name, columns)) if columns.len() == 1 => (name, columns),
            _ => {
                return Err(ApplyError::NoKey {
                    parent: join.parent.clone(),
                    child: join.child.clone(),
                });
            }
        };
        let columns = [column.clone()];
        // a foreign key to a partitioned table has, in PostgreSQL's eyes, one to each partition beside it
        let mut parents: Vec<Place> = vec![parent.clone()];
        parents.extend(self.families.above(&parent.key()).iter().map(Place::of));
        let is_there = child.parts(&self.catalog, ObjectKind::Constraint).any(|(_, fact)| {
            let mut parents = parents.iter();
            parents.any(|it| find::refers(fact, &columns, it, &referenced))
        });
        if is_there {
            return Ok(());
        }
        let name = self.constraint_name(&child, column, "fkey");
        let constraint = child.part(ObjectKind::Constraint, &name);
        let definition = format!(
            "FOREIGN KEY ({}) REFERENCES {}({})",
            quoted(column),
            parent.text(),
            quoted_list(&referenced)
        );
        let fact = Fact::of([
            (Attribute::Type, Some("foreign key".to_owned())),
            (Attribute::Definition, Some(definition)),
            (Attribute::Columns, Some(json(&columns, ","))),
            (Attribute::ReferencesSchema, Some(parent.schema.clone())),
            (Attribute::ReferencesTable, Some(parent.name.clone())),
            (Attribute::ReferencesColumns, Some(json(&referenced, ","))),
        ]);
        let index = self.catalog.get(&parent.part(ObjectKind::Constraint, &key_name));
        let index = index.and_then(|it| it.get(Attribute::Index)).unwrap_or(&key_name);
        let index = Key::new(ObjectKind::Index, &[&parent.schema, index]);
        self.insert(constraint.clone(), fact);
        self.depends(&constraint, &child.part(ObjectKind::Column, column), 'a');
        for column in &referenced {
            self.depends(&constraint, &parent.part(ObjectKind::Column, column), 'n');
        }
        self.depends(&constraint, &index, 'n');
        Ok(())
    }

    /// Gives a column a type; what belonged to the old one goes.
    pub(super) fn change_type(
        &mut self,
        place: &Place,
        table: &TableName,
        column: &str,
        tpe: &Type,
        max_length: Option<u32>,
    ) -> Result<(), ApplyError> {
        let old = find::column(&self.catalog, place, table, column)?;
        let found = find::find_type(&self.catalog, tpe, max_length);
        let found = found.ok_or_else(|| no_type(tpe, column, table))?;
        let attributes = found.attributes(&self.catalog);
        let has_collation = |fact: &Fact| {
            let name = fact.get(Attribute::TypeName).unwrap_or_default();
            fact.get(Attribute::TypeSchema) == Some(PG_CATALOG)
                && ["bpchar", "text", "varchar"].contains(&name)
        };
        let keeps_collation = has_collation(old) && has_collation(&Fact::of(attributes.clone()));
        let stays = |name: Attribute| {
            attributes.iter().all(|(it, _)| *it != name)
                && name != Attribute::Storage
                && (name != Attribute::Collation || keeps_collation)
        };
        let kept = old.iter().filter(|(name, _)| stays(*name));
        let kept: Vec<_> = kept.map(|(name, value)| (name, Some(value.to_owned()))).collect();
        let class = find::operator_class(&self.catalog, old);
        let new = Fact::of(kept.into_iter().chain(attributes));
        let new_class = find::operator_class(&self.catalog, &new);
        let key = place.part(ObjectKind::Column, column);
        self.insert(key.clone(), new);
        if let (Some(class), Some(new_class)) = (class, new_class) {
            self.change_class(place, column, &class, &new_class);
        }
        self.catalog.dependencies.retain(|it| {
            let is_type = matches!(
                it.referenced.kind(),
                ObjectKind::Enum
                    | ObjectKind::Domain
                    | ObjectKind::Composite
                    | ObjectKind::Range
                    | ObjectKind::BaseType
            );
            it.dependent != key || !is_type
        });
        if let Some(tpe) = &found.key {
            self.depends(&key, tpe, 'n');
        }
        Ok(())
    }

    /// Indexes of a column follow its type, where they have the usual operators.
    fn change_class(&mut self, place: &Place, column: &str, old: &str, new: &str) {
        let written = quoted(column);
        let mut changed = Vec::new();
        for (key, fact) in place.indexes(&self.catalog) {
            let columns = fact.list(Attribute::Columns);
            let mut classes = fact.list(Attribute::Opclasses);
            for (name, class) in columns.iter().zip(&mut classes) {
                if *name == written && class.as_str() == old {
                    new.clone_into(class);
                }
            }
            if classes != fact.list(Attribute::Opclasses) {
                changed.push((key.clone(), json(&classes, ", ")));
            }
        }
        for (key, classes) in changed {
            if let Some(fact) = self.catalog.get_mut(&key) {
                fact.set(Attribute::Opclasses, classes);
            }
        }
    }

    pub(super) fn change_nullability(
        &mut self,
        place: &Place,
        table: &TableName,
        column: &str,
        nullable: bool,
    ) -> Result<(), ApplyError> {
        let fact = find::column(&self.catalog, place, table, column)?;
        if !nullable {
            self.not_null(place, column);
            return Ok(());
        }
        if fact.is(Attribute::DomainNotNull) {
            return Err(find::domain(fact, table, column));
        }
        let key = find::primary_key(&self.catalog, place);
        let new = without(fact, Attribute::NotNull);
        self.insert(place.part(ObjectKind::Column, column), new);
        if key.is_some_and(|(_, columns)| columns.iter().any(|it| it == column)) {
            // what is part of the key cannot be NULL
            self.not_null(place, column);
        }
        Ok(())
    }

    pub(super) fn comment(
        &mut self,
        table: &TableName,
        column: Option<&str>,
        comment: Option<&str>,
    ) -> Result<(), ApplyError> {
        if !self.catalog.coverage.tells(Aspect::Comments) {
            return Ok(());
        }
        let (place, fact) = find::relation(&self.catalog, table)?;
        let (key, fact) = match column {
            Some(column) => (
                place.part(ObjectKind::Column, column),
                find::column(&self.catalog, &place, table, column)?,
            ),
            None => (place.key(), fact),
        };
        let mut new = without(fact, Attribute::Comment);
        if let Some(comment) = comment {
            new.set(Attribute::Comment, comment.to_owned());
        }
        self.insert(key, new);
        Ok(())
    }
}

fn no_type(tpe: &Type, column: &str, table: &TableName) -> ApplyError {
    if find::is_any(tpe) {
        return ApplyError::AnyType { column: column.to_owned(), table: table.clone() };
    }
    ApplyError::NoType { tpe: tpe.clone(), column: column.to_owned(), table: table.clone() }
}

fn without(fact: &Fact, name: Attribute) -> Fact {
    let others = fact.iter().filter(|(it, _)| *it != name);
    Fact::of(others.map(|(name, value)| (name, Some(value.to_owned()))))
}
